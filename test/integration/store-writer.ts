/**
 * A process for store-kill.test.ts to kill: gives out numbered leases as a DHCP server would, renews earlier
 * ones, and says each lease aloud once it is durable.
 *
 * Usage: node --conditions=railhead-source store-writer.ts DIRECTORY
 * Prints `lease CLIENT ADDRESS RENEWALS`, one line for each acknowledged put.
 */
import { writeSync } from "node:fs";
import { openFileStore } from "@railhead/store";
import { type Lease, parseLease } from "./store-lease.ts";

const IN_FLIGHT = 32;

const [directory = ""] = process.argv.slice(2);
const store = await openFileStore(directory, { compaction: { factor: 2, minimumBytes: 16 * 1024 } });
const leases = store.collection<Lease>("bindings", parseLease);
let next = Math.max(0, ...[...leases.all().values()].map(({ address }) => address)) + 1;

async function keep(client: string, lease: Lease): Promise<void> {
  await leases.put(client, lease);
  writeSync(1, `lease ${client} ${lease.address} ${lease.renewals}\n`);
}

async function serveOne(lane: number): Promise<void> {
  for (let round = 0; ; round += 1) {
    const address = next;
    next += 1;
    const client = `client-${address}`;
    await keep(client, { address, renewals: 0 });
    for (let renewals = 1; renewals <= (lane + round) % 7; renewals += 1) {
      await keep(client, { address, renewals });
    }
  }
}

await Promise.all(Array.from({ length: IN_FLIGHT }, (_, lane) => serveOne(lane)));
