import { type Dhcp4Message, type Ipv4Address, OPTION, readTextOption, subnetContains } from "@railhead/wire";
import type { BootClient } from "../boot/client.ts";
import type { BootServices } from "../boot/decide.ts";
import type { Inventory } from "../inventory/inventory.ts";
import type { Machine } from "../inventory/machine.ts";
import type { Binding } from "./binding.ts";
import type { Bindings } from "./binding-table.ts";
import type { DhcpNetwork } from "./network.ts";
import type { DhcpIgnoreReason, DhcpOutcome } from "./outcome.ts";

/** Everything a decision rests on. */
export interface DhcpFacts {
  readonly message: Dhcp4Message;
  readonly network: DhcpNetwork;
  readonly services: BootServices;
  readonly inventory: Inventory;
  readonly bindings: Bindings;
  /** Milliseconds since the epoch. */
  readonly now: number;
  /** Whether this client is in a boot loop; see `LoopGuard`. */
  readonly looping?: boolean;
}

/** The facts, and who it is that asks. */
export interface Exchange extends DhcpFacts {
  readonly client: BootClient;
  readonly machine: Machine | undefined;
  /** The address that is this client's alone. */
  readonly reserved: Ipv4Address | undefined;
}

/** A reservation is for the card that the machine boots from: two cards must not get one address. */
export function reservationOf(
  machine: Machine | undefined,
  client: BootClient,
  network: DhcpNetwork,
): Ipv4Address | undefined {
  if (machine?.address === undefined || machine.macs[0] !== client.mac) return undefined;
  return subnetContains(network.subnet, machine.address) ? machine.address : undefined;
}

/** What there would be to record. */
export function bindingFor(
  exchange: Exchange,
  address: Ipv4Address,
  state: Binding["state"],
  seconds: number,
): Binding {
  const hostName = exchange.machine?.name ?? readTextOption(exchange.message, OPTION.hostName);
  return {
    address,
    mac: exchange.client.mac,
    state,
    expiresAt: exchange.now + seconds * 1000,
    ...(hostName === undefined ? {} : { hostName }),
  };
}

export function ignore(reason: DhcpIgnoreReason): Extract<DhcpOutcome, { kind: "ignore" }> {
  return { kind: "ignore", reason };
}
