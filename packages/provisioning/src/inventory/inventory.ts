import type { Ipv4Address, MacAddress } from "@railhead/wire";
import type { Group } from "./group.ts";
import type { Machine } from "./machine.ts";
import type { InventoryProblem } from "./problem.ts";
import type { Profile } from "./profile.ts";

/** Everything the operator has declared, whole and immutable: one answer is made from one inventory. */
export interface Inventory {
  readonly machines: readonly Machine[];
  /** In the order in which they are tried: see `select`. */
  readonly groups: readonly Group[];
  readonly profiles: ReadonlyMap<string, Profile>;
  readonly machineByName: ReadonlyMap<string, Machine>;
  readonly machineByMac: ReadonlyMap<MacAddress, Machine>;
  readonly machineByUuid: ReadonlyMap<string, Machine>;
  readonly machineBySerial: ReadonlyMap<string, Machine>;
  /** The machine that an address is reserved for. */
  readonly machineByAddress: ReadonlyMap<Ipv4Address, Machine>;
}

export interface InventoryParts {
  readonly machines: readonly { readonly file: string; readonly machine: Machine }[];
  readonly groups: readonly Group[];
  readonly profiles: readonly Profile[];
  /** The names of the files under `ignition/`. */
  readonly ignitionFiles: ReadonlySet<string>;
}

/**
 * Builds the inventory out of its documents and checks what no document can know alone: that names, MACs, UUIDs,
 * serials and addresses are unique, and that what is named is there.
 *
 * An inventory with an `invalid` problem must not replace a good one.
 */
export function buildInventory(parts: InventoryParts): {
  readonly inventory: Inventory;
  readonly problems: readonly InventoryProblem[];
} {
  const problems: InventoryProblem[] = [];
  const claims = new Map<string, string>();
  const claim = (what: string, file: string, path: readonly (string | number)[]) => {
    const owner = claims.get(what);
    if (owner === undefined) claims.set(what, file);
    else problems.push({ file, path, message: `${what} is also in ${owner}`, kind: "invalid" });
  };
  for (const { file, machine } of parts.machines) {
    claim(`name ${machine.name}`, file, ["name"]);
    for (const [index, mac] of machine.macs.entries()) claim(`MAC ${mac}`, file, ["macs", index]);
    if (machine.uuid !== undefined) claim(`UUID ${machine.uuid}`, file, ["uuid"]);
    if (machine.serial !== undefined) claim(`serial ${machine.serial}`, file, ["serial"]);
    if (machine.address !== undefined) claim(`address ${machine.address}`, file, ["address"]);
  }
  const profiles = new Map(parts.profiles.map((profile) => [profile.id, profile]));
  for (const group of parts.groups) {
    if (profiles.has(group.profile)) continue;
    const message = `there is no profiles/${group.profile}.json`;
    problems.push({ file: `groups/${group.id}.json`, path: ["profile"], message, kind: "dangling" });
  }
  for (const profile of parts.profiles) {
    if (profile.ignitionId === undefined || parts.ignitionFiles.has(profile.ignitionId)) continue;
    const message = `there is no ignition/${profile.ignitionId}`;
    problems.push({ file: `profiles/${profile.id}.json`, path: ["ignition_id"], message, kind: "dangling" });
  }
  const machines = parts.machines.map(({ machine }) => machine);
  return {
    problems,
    inventory: {
      machines,
      groups: parts.groups.toSorted(compareGroups),
      profiles,
      machineByName: indexBy(machines, (machine) => machine.name),
      machineByMac: new Map(machines.flatMap((machine) => machine.macs.map((mac) => [mac, machine] as const))),
      machineByUuid: indexBy(machines, (machine) => machine.uuid),
      machineBySerial: indexBy(machines, (machine) => machine.serial),
      machineByAddress: indexBy(machines, (machine) => machine.address),
    },
  };
}

/** Who says it is who: what firmware, iPXE or an operator tells of a machine. */
export interface MachineClaim {
  readonly mac?: MacAddress | undefined;
  readonly uuid?: string | undefined;
  readonly serial?: string | undefined;
}

/**
 * The declared machine that a claim is about. The MAC decides where there is one: UUIDs and serials are duplicated
 * on cheap boards (rule R18), so they speak only for a claim whose MAC is unknown or absent.
 */
export function findMachine(inventory: Inventory, claim: MachineClaim): Machine | undefined {
  return (
    (claim.mac === undefined ? undefined : inventory.machineByMac.get(claim.mac)) ??
    (claim.uuid === undefined ? undefined : inventory.machineByUuid.get(claim.uuid.toLowerCase())) ??
    (claim.serial === undefined ? undefined : inventory.machineBySerial.get(claim.serial))
  );
}

/**
 * matchbox's order: most selectors first; among equals the greater "key=value,key=value" text (pairs sorted) first,
 * that is descending; then the file's name.
 */
function compareGroups(a: Group, b: Group): number {
  const count = Object.keys(b.selector).length - Object.keys(a.selector).length;
  if (count !== 0) return count;
  return compareText(selectorText(b), selectorText(a)) || compareText(a.id, b.id);
}

function selectorText(group: Group): string {
  return Object.entries(group.selector)
    .map(([key, value]) => `${key}=${value}`)
    .toSorted(compareText)
    .join(",");
}

function compareText(a: string, b: string): number {
  if (a === b) return 0;
  return a < b ? -1 : 1;
}

function indexBy<K>(machines: readonly Machine[], keyOf: (machine: Machine) => K | undefined): Map<K, Machine> {
  const index = new Map<K, Machine>();
  for (const machine of machines) {
    const key = keyOf(machine);
    if (key !== undefined) index.set(key, machine);
  }
  return index;
}
