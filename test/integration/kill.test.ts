import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout } from "node:timers/promises";
import { createLab, type Lab, labNeeds, openDhcpClient } from "@railhead/testkit";
import { beforeAll, describe, expect, test } from "vitest";
import { suspiciousEvents } from "./known-events.ts";
import { applyLoad, askAgain, type LeaseLoad, type Promises } from "./lease-load.ts";
import { type Random, runSeed, seededRandom } from "./random.ts";

const needs = labNeeds();
const KILLS = 12;

let lab: Lab;
let random: Random;

describe.skipIf(needs.skip)(`a server that is killed while it writes leases${needs.note}`, () => {
  beforeAll(async () => {
    random = seededRandom(runSeed("kill"));
    lab = await createLab({
      clientAddress: "10.77.0.250/16",
      settings: (settings) => ({
        ...settings,
        networks: settings.networks.map((network) => ({
          ...network,
          // Room for every client: an address that comes to an end must not be what is found out here.
          subnet: "10.77.0.0/16",
          pool: { first: "10.77.1.0", last: "10.77.100.255" },
          leaseSeconds: 3600,
        })),
      }),
    });
    return async () => lab[Symbol.asyncDispose]();
  });

  test(`${KILLS} times has forgotten no lease that it acknowledged, and has given none to two`, {
    timeout: 120_000,
  }, async () => {
    const load = await openLoad();
    const rounds: number[] = [];
    for (let round = 0; round < KILLS; round += 1) {
      const { server } = lab;
      let killed = false;
      const loading = applyLoad(load, () => killed);
      await setTimeout(50 + random(450));
      await server.kill();
      killed = true;
      await loading;
      rounds.push(load.promises.size);
      expect(suspiciousEvents(server.events)).toEqual([]);
      await lab.startServer();
      expect(await brokenPromises(load, atStake(load, rounds.at(-2) ?? 0))).toEqual([]);
    }
    process.stdout.write(`kill: leases after each round: ${rounds.join(" ")}\n`);
    // The load has to be one: a server that answers nobody forgets nothing.
    expect(load.promises.size).toBeGreaterThan(KILLS * 10);
    expect(new Set(load.promises.values()).size).toBe(load.promises.size);
    expect(await brokenPromises(load, [...load.promises])).toEqual([]);
  });

  test("leaves nothing in its state directory that is not its journal, its lock and its control socket", () => {
    const files = readdirSync(join(lab.directory, "state")).filter((name) => !name.startsWith("lock-"));
    expect(files.toSorted()).toEqual(["control.sock", "journal"]);
    expect(readFileSync(join(lab.directory, "state/journal")).length).toBeGreaterThan(0);
  });
});

async function openLoad(): Promise<LeaseLoad> {
  const promises: Promises = new Map();
  let clients = 0;
  let xid = 0;
  return {
    dhcp: await openDhcpClient(lab.udp),
    promises,
    nextXid: () => {
      xid += 1;
      return xid;
    },
    nextMac: () => {
      // One in four is a client that has been here before.
      if (clients > 0 && random(4) === 0) return macOf(random(clients));
      clients += 1;
      return macOf(clients - 1);
    },
  };
}

/** The promises of the last round, and some of those before. */
function atStake({ promises }: LeaseLoad, before: number): readonly Promised[] {
  return [...promises].filter((_promise, index) => index >= before || random(20) === 0);
}

type Promised = readonly [mac: string, address: string];

/**
 * Promises that the server does not keep. A stranger demands each address first: of an address that was forgotten,
 * and so is free, it would be the new holder. Only then the client asks for it, as after a start.
 */
async function brokenPromises(load: LeaseLoad, promises: readonly Promised[]): Promise<readonly string[]> {
  const broken = await inGroups(promises, async ([mac, address]) => {
    const stranger = mac.replace("52:54:01", "52:54:02");
    const toStranger = await askAgain(load, stranger, address);
    const toClient = await askAgain(load, mac, address);
    if (toStranger === "nak 0.0.0.0" && toClient === `ack ${address}`) return [];
    return [`${mac} was promised ${address}; a stranger is told ${toStranger}, then the client ${toClient}`];
  });
  return broken.flat();
}

/** A few at a time, so that the kernel's buffers hold the answers. */
async function inGroups<T, U>(items: readonly T[], act: (item: T) => Promise<U>): Promise<readonly U[]> {
  const results: U[] = [];
  for (let at = 0; at < items.length; at += 50) results.push(...(await Promise.all(items.slice(at, at + 50).map(act))));
  return results;
}

function macOf(client: number): string {
  const hex = client.toString(16).padStart(6, "0");
  return `52:54:01:${hex.slice(0, 2)}:${hex.slice(2, 4)}:${hex.slice(4)}`;
}
