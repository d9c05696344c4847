import { type Ipv4Address, type MacAddress, subnetContains } from "@railhead/wire";
import { type Binding, isHeld } from "../dhcp/binding.ts";
import type { Inventory } from "../inventory/inventory.ts";
import { hostLabel } from "./host-name-index.ts";
import { type NamedNetwork, type NamePlace, placeName } from "./zone.ts";

/** Who holds which address. */
export interface NamedBindings {
  /** What is recorded for a MAC, on every network. */
  ofMac(mac: MacAddress): readonly Binding[];
  ofAddress(address: Ipv4Address): Binding | undefined;
  /** Addresses that were leased under a host label; what holds is what their bindings say. */
  ofLabel(label: string): readonly Ipv4Address[];
}

/** Everything that an answer about our names rests on. */
export interface NameFacts {
  readonly networks: readonly NamedNetwork[];
  readonly inventory: Pick<Inventory, "machineByName" | "machineByMac" | "machineByAddress">;
  readonly bindings: NamedBindings;
  /** How long an answer may be remembered; less where a lease ends sooner. */
  readonly ttlSeconds: number;
  /** Milliseconds since the epoch. */
  readonly now: number;
}

/** The class is IN. */
export interface NameQuestion {
  /** Without a trailing dot, in any case. */
  readonly name: string;
  /** "A", "PTR", "ANY" ... */
  readonly type: string;
}

export type NameRecord =
  | { readonly type: "A"; readonly ttlSeconds: number; readonly address: Ipv4Address }
  | { readonly type: "PTR"; readonly ttlSeconds: number; readonly target: string };

/** What this server says about a name, before it asks anybody else. */
export type NameAnswer =
  | { readonly kind: "records"; readonly records: readonly NameRecord[] }
  /** The start-of-authority record itself was asked for. */
  | { readonly kind: "authority"; readonly zone: string }
  /** The name is there, but has no record of this type (RFC 2308 section 2.2). No zone: a name without a domain. */
  | { readonly kind: "no-data"; readonly zone?: string }
  | { readonly kind: "no-such-name"; readonly zone: string }
  /** Not ours to answer. */
  | { readonly kind: "elsewhere" };

/**
 * Answers for the machines' names.
 *
 * A declared machine has its name to itself: what other clients call themselves is a claim, and it does not count where
 * it is a declared name. Declared machines are found by their bare name too; leases are not, since any client could
 * take any word that way.
 */
export function answerName({ name, type }: NameQuestion, facts: NameFacts): NameAnswer {
  const lower = name.toLowerCase();
  const place = placeName(lower, facts.networks);
  switch (place.kind) {
    case "elsewhere":
      return answerBareName(lower, type, facts);
    case "nobody":
      return { kind: "no-such-name", zone: place.zone };
    case "domain":
      return atDomain(place, type);
    case "host": {
      const records = recordsOfHost(place, facts);
      return records === undefined ? { kind: "no-such-name", zone: place.zone } : pick(records, type, place.zone);
    }
    case "address": {
      const record = recordOfAddress(place.address, facts);
      if (record !== undefined) return pick([record], type, place.zone);
      // Where an address is a zone of its own, the zone is there whether or not a machine is.
      return place.isApex ? atDomain(place, type) : { kind: "no-such-name", zone: place.zone };
    }
  }
}

function atDomain({ zone, isApex }: { readonly zone: string; readonly isApex: boolean }, type: string): NameAnswer {
  return isApex && (type === "SOA" || type === "ANY") ? { kind: "authority", zone } : { kind: "no-data", zone };
}

/** Clients without a search domain, firmware above all, ask for the name alone. */
function answerBareName(name: string, type: string, facts: NameFacts): NameAnswer {
  if (!["A", "AAAA", "ANY"].includes(type) || !facts.inventory.machineByName.has(name)) return { kind: "elsewhere" };
  const addresses = facts.networks.flatMap((network) => recordsOfMachine(name, [network], facts) ?? []);
  return pick(addresses, type);
}

function pick(records: readonly NameRecord[], type: string, zone?: string): NameAnswer {
  // ANY gets what there is, which is little enough (RFC 8482 section 4.1).
  const asked = records.filter((record) => record.type === type || type === "ANY");
  if (asked.length > 0) return { kind: "records", records: asked };
  return { kind: "no-data", ...(zone === undefined ? {} : { zone }) };
}

/** `undefined`: nobody has the name. Empty: a declared machine has it, and no address at present. */
function recordsOfHost(
  { label, networks }: Extract<NamePlace, { kind: "host" }>,
  facts: NameFacts,
): readonly NameRecord[] | undefined {
  if (facts.inventory.machineByName.has(label)) return recordsOfMachine(label, networks, facts);
  const leases = facts.bindings
    .ofLabel(label)
    .flatMap((address) => facts.bindings.ofAddress(address) ?? [])
    .filter((binding) => isIn(networks, binding.address) && isLeased(binding, facts.now))
    .filter((binding) => labelOfBinding(binding, facts) === label);
  // Two clients that call themselves the same: a machine that was set up anew and the rest of its old lease.
  const latest = leases.toSorted((a, b) => b.expiresAt - a.expiresAt)[0];
  return latest === undefined ? undefined : [addressRecord(latest, facts)];
}

function recordsOfMachine(
  name: string,
  networks: readonly NamedNetwork[],
  facts: NameFacts,
): readonly NameRecord[] | undefined {
  const machine = facts.inventory.machineByName.get(name);
  if (machine === undefined) return undefined;
  const { address } = machine;
  if (address !== undefined && isIn(networks, address)) {
    return [{ type: "A", ttlSeconds: facts.ttlSeconds, address }];
  }
  return machine.macs
    .flatMap((mac) => facts.bindings.ofMac(mac))
    .filter((binding) => isIn(networks, binding.address) && isLeased(binding, facts.now))
    .map((binding) => addressRecord(binding, facts));
}

function recordOfAddress(address: Ipv4Address, facts: NameFacts): NameRecord | undefined {
  const domain = facts.networks.find(({ subnet }) => subnetContains(subnet, address))?.domain;
  const record = (label: string, ttlSeconds: number): NameRecord => ({
    type: "PTR",
    ttlSeconds,
    target: domain === undefined ? label : `${label}.${domain.toLowerCase()}`,
  });
  const reserved = facts.inventory.machineByAddress.get(address);
  if (reserved !== undefined) return record(reserved.name, facts.ttlSeconds);
  const binding = facts.bindings.ofAddress(address);
  if (binding === undefined || !isLeased(binding, facts.now)) return undefined;
  const label = labelOfBinding(binding, facts);
  return label === undefined ? undefined : record(label, ttlOf(binding, facts));
}

/** Under which name a lease is known: the machine's, or what the client calls itself where nobody else has that name. */
function labelOfBinding({ mac, hostName }: Binding, { inventory }: NameFacts): string | undefined {
  const machine = inventory.machineByMac.get(mac);
  if (machine !== undefined) return machine.name;
  const label = hostName === undefined ? undefined : hostLabel(hostName);
  return label === undefined || inventory.machineByName.has(label) ? undefined : label;
}

function isIn(networks: readonly NamedNetwork[], address: Ipv4Address): boolean {
  return networks.some(({ subnet }) => subnetContains(subnet, address));
}

function isLeased(binding: Binding, now: number): boolean {
  return binding.state === "leased" && isHeld(binding, now);
}

function addressRecord(binding: Binding, facts: NameFacts): NameRecord {
  return { type: "A", ttlSeconds: ttlOf(binding, facts), address: binding.address };
}

function ttlOf({ expiresAt }: Binding, { ttlSeconds, now }: NameFacts): number {
  return Math.max(0, Math.min(ttlSeconds, Math.floor((expiresAt - now) / 1000)));
}
