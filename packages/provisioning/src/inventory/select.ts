import { AddressError, type MacAddress, parseMac } from "@railhead/wire";
import type { Group } from "./group.ts";
import { findMachine, type Inventory } from "./inventory.ts";
import type { Machine } from "./machine.ts";
import type { Profile } from "./profile.ts";

/** Why a request gets nothing. */
export type NoSelection = "bad-mac" | "no-group" | "no-profile";

/** Who asks, as far as its own words and the inventory tell. */
export interface Requester {
  readonly labels: Readonly<Record<string, string>>;
  readonly mac?: MacAddress;
  readonly machine?: Machine;
}

export type Identified = { readonly requester: Requester } | { readonly reason: "bad-mac"; readonly message: string };

export type Selection =
  | { readonly group: Group; readonly profile: Profile }
  | { readonly reason: "no-group" | "no-profile"; readonly message: string };

/** Labels that only a declaration gives: whoever could ask for a role would get its config, secrets and all. */
const DECLARED_ONLY = ["name", "role"] as const;

/**
 * Reads who asks out of the query of a URL, the first value of each key.
 *
 * `name` and `role` are never taken from the query, whether the machine is declared or not: `&role=manager` gives
 * nobody a manager's config. Other keys of the query are labels, as in matchbox; what the operator has declared of
 * the machine stands over them. A `mac` that is not one is refused, never treated as absent.
 */
export function identify(inventory: Inventory, query: Readonly<Record<string, string>>): Identified {
  const labels: Record<string, string> = { ...query };
  for (const key of DECLARED_ONLY) delete labels[key];
  let mac: MacAddress | undefined;
  for (const [key, value] of Object.entries(query)) {
    if (key.toLowerCase() !== "mac") continue;
    try {
      const parsed = parseMac(value);
      labels[key] = parsed;
      if (key === "mac" || mac === undefined) mac = parsed;
    } catch (error) {
      if (!(error instanceof AddressError)) throw error;
      return { reason: "bad-mac", message: error.message };
    }
  }
  const machine = findMachine(inventory, { mac, uuid: query["uuid"], serial: query["serial"] });
  if (machine !== undefined) {
    Object.assign(labels, declaredLabels(machine));
    mac ??= machine.macs[0];
    if (mac !== undefined) labels["mac"] ??= mac;
  }
  return {
    requester: {
      labels,
      ...(mac === undefined ? {} : { mac }),
      ...(machine === undefined ? {} : { machine }),
    },
  };
}

/**
 * The first group whose every selector is among the labels, and its profile. The group that wins is final: if its
 * profile is not there, nothing is served, never the next group's.
 *
 * A selector with an empty value also matches a request without that label, as in matchbox.
 */
export function select(inventory: Inventory, requester: Requester): Selection {
  const group = inventory.groups.find(({ selector }) =>
    Object.entries(selector).every(([key, value]) => (requester.labels[key] ?? "") === value),
  );
  if (group === undefined) return { reason: "no-group", message: `no group matches ${describe(requester)}` };
  const profile = inventory.profiles.get(group.profile);
  if (profile === undefined) {
    return {
      reason: "no-profile",
      message: `group ${group.id} names the profile ${group.profile}, which is not there`,
    };
  }
  return { group, profile };
}

function declaredLabels(machine: Machine): Record<string, string> {
  const { name, role, uuid, serial } = machine;
  return {
    ...machine.labels,
    name,
    ...(role === undefined ? {} : { role }),
    ...(uuid === undefined ? {} : { uuid }),
    ...(serial === undefined ? {} : { serial }),
  };
}

function describe({ machine, mac }: Requester): string {
  return machine?.name ?? mac ?? "a request that names no machine";
}
