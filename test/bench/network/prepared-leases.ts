import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { parseBinding } from "@railhead/provisioning";
import { openFileStore } from "@railhead/store";
import { ipv4FromNumber, ipv4ToNumber, macFromBytes, parseIpv4, parseMac } from "@railhead/wire";
import { SITE } from "./cable.ts";

/** perfdhcp counts its clients from this address up. */
const FIRST_MAC = 0x000c01020304;
const HOURS_MS = 12 * 3600 * 1000;
const PUTS_AT_ONCE = 5000;

interface PreparedLease {
  readonly mac: string;
  readonly address: string;
  readonly expiresAt: number;
}

/** What a server would remember had all of perfdhcp's clients been there before. */
export function preparedLeases(count: number): readonly PreparedLease[] {
  const first = ipv4ToNumber(parseIpv4(SITE.pool.first));
  const expiresAt = Date.now() + HOURS_MS;
  return Array.from({ length: count }, (_, index) => ({
    mac: macFromBytes(Buffer.from((FIRST_MAC + index).toString(16).padStart(12, "0"), "hex")),
    address: ipv4FromNumber(first + index),
    expiresAt,
  }));
}

export async function prepareRailhead(stateDir: string, count: number): Promise<void> {
  const store = await openFileStore(stateDir);
  const bindings = store.collection("bindings", parseBinding);
  const leases = preparedLeases(count);
  for (let from = 0; from < count; from += PUTS_AT_ONCE) {
    await Promise.all(
      leases.slice(from, from + PUTS_AT_ONCE).map(({ mac, address, expiresAt }) => {
        const binding = { address: parseIpv4(address), mac: parseMac(mac), state: "leased" as const, expiresAt };
        return bindings.put(address, binding);
      }),
    );
  }
  await store.close();
}

/** Kea's memfile: https://kea.readthedocs.io, "memfile". */
export async function prepareKea(directory: string, count: number): Promise<void> {
  const header =
    "address,hwaddr,client_id,valid_lifetime,expire,subnet_id,fqdn_fwd,fqdn_rev,hostname,state,user_context";
  const lines = preparedLeases(count).map(
    ({ mac, address, expiresAt }) => `${address},${mac},01:${mac},43200,${Math.floor(expiresAt / 1000)},1,0,0,,0,`,
  );
  await writeFile(join(directory, "leases.csv"), `${[header, ...lines].join("\n")}\n`);
}

/** dnsmasq's lease file: expiry, MAC, address, name, client identifier. */
export async function prepareDnsmasq(directory: string, count: number): Promise<void> {
  const lines = preparedLeases(count).map(
    ({ mac, address, expiresAt }) => `${Math.floor(expiresAt / 1000)} ${mac} ${address} * 01:${mac}`,
  );
  await writeFile(join(directory, "leases"), lines.map((line) => `${line}\n`).join(""));
}
