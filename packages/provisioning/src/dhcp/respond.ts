import {
  type Dhcp4Message,
  type Ipv4Address,
  ipv4ToNumber,
  messageType,
  OPTION,
  readIpv4Option,
  readTextOption,
  readUint32Option,
  subnetContains,
  ZERO_IPV4,
} from "@railhead/wire";
import { type BootClient, clientOf } from "../boot/client.ts";
import { type BootDecision, type BootServices, decideBoot } from "../boot/decide.ts";
import { findMachine, type Inventory } from "../inventory/inventory.ts";
import type { Machine } from "../inventory/machine.ts";
import { type Binding, isHeld } from "./binding.ts";
import type { Bindings } from "./binding-table.ts";
import type { DhcpNetwork } from "./network.ts";
import type { DhcpIgnoreReason, DhcpOutcome } from "./outcome.ts";
import { grantReply, nakReply } from "./reply.ts";

/** Everything a decision rests on. */
export interface DhcpFacts {
  readonly message: Dhcp4Message;
  readonly network: DhcpNetwork;
  readonly services: BootServices;
  readonly inventory: Inventory;
  readonly bindings: Bindings;
  /** Milliseconds since the epoch. */
  readonly now: number;
}

interface Exchange extends DhcpFacts {
  readonly client: BootClient;
  readonly machine: Machine | undefined;
  /** The address that is this client's alone. */
  readonly reserved: Ipv4Address | undefined;
}

const SHORTEST_LEASE_SECONDS = 60;

/**
 * Decides about one DHCP message of a client, as an authoritative server (RFC 2131 section 4.3).
 *
 * @throws DecodeError when an option that matters has a wrong length.
 */
export function respond(facts: DhcpFacts): DhcpOutcome {
  const { message, network, inventory } = facts;
  if (message.op !== "request") return ignore("not-a-request");
  const client = clientOf(message);
  if ("reason" in client) return ignore(client.reason);
  if (message.giaddr !== ZERO_IPV4 && !subnetContains(network.subnet, message.giaddr)) return ignore("unknown-subnet");

  const machine = findMachine(inventory, client);
  const exchange: Exchange = { ...facts, client, machine, reserved: reservationOf(machine, client) };
  switch (messageType(message)) {
    case "discover":
      return onDiscover(exchange);
    case "request":
      return onRequest(exchange);
    case "decline":
      return onDecline(exchange);
    case "release":
      return onRelease(exchange);
    case "inform":
      return onInform(exchange);
    case undefined:
      return ignore("no-message-type");
    default:
      return ignore("server-message-type");
  }
}

/** RFC 2131 section 4.3.1. */
function onDiscover(exchange: Exchange): DhcpOutcome {
  const address = chooseAddress(exchange);
  if (typeof address === "object") return address;
  const held = exchange.bindings.ofMac(exchange.client.mac);
  // A client that holds a lease keeps it while it asks again: an offer must never shorten it.
  const keep = held?.state === "leased" && held.address === address && isHeld(held, exchange.now);
  const binding: Binding | undefined = keep
    ? undefined
    : bindingFor(exchange, address, "offered", exchange.network.offerSeconds);
  return grant(exchange, { type: "offer", address, leaseSeconds: leaseSecondsFor(exchange), binding });
}

/** RFC 2131 section 4.3.2: which kind of REQUEST it is follows from options 54, 50 and `ciaddr`. */
function onRequest(exchange: Exchange): DhcpOutcome {
  const { message, network } = exchange;
  const requested = readIpv4Option(message, OPTION.requestedAddress);
  const selected = readIpv4Option(message, OPTION.serverId);
  if (selected !== undefined) {
    // Another server's offer was taken. To NAK here, as some servers do, ends the client's boot (rule R13).
    if (selected !== network.serverAddress) return ignore("another-server-selected");
    const address = requested ?? (message.ciaddr === ZERO_IPV4 ? undefined : message.ciaddr);
    return address === undefined ? ignore("request-without-address") : acknowledge(exchange, address);
  }
  if (message.ciaddr !== ZERO_IPV4) return acknowledge(exchange, message.ciaddr); // RENEWING, REBINDING
  return requested === undefined ? ignore("request-without-address") : acknowledge(exchange, requested); // INIT-REBOOT
}

/** The client says that somebody else answers at the address (RFC 2131 section 4.3.3). */
function onDecline(exchange: Exchange): DhcpOutcome {
  const { bindings, client, message, network } = exchange;
  const address = readIpv4Option(message, OPTION.requestedAddress);
  if (address === undefined) return ignore("request-without-address");
  const binding = bindings.ofAddress(address);
  if (binding === undefined || binding.mac !== client.mac || binding.state === "declined") {
    return ignore("not-the-holder");
  }
  return { kind: "record", binding: bindingFor(exchange, address, "declined", network.quarantineSeconds) };
}

/** RFC 2131 section 4.3.4. */
function onRelease(exchange: Exchange): DhcpOutcome {
  const { bindings, client, message } = exchange;
  const binding = bindings.ofAddress(message.ciaddr);
  if (binding === undefined || binding.mac !== client.mac || binding.state !== "leased") {
    return ignore("not-the-holder");
  }
  return { kind: "record", binding: bindingFor(exchange, message.ciaddr, "released", 0) };
}

/** The client has its address from elsewhere and wants the rest (RFC 2131 section 4.3.5): no lease, no yiaddr. */
function onInform(exchange: Exchange): DhcpOutcome {
  if (exchange.message.ciaddr === ZERO_IPV4) return ignore("request-without-address");
  return grant(exchange, { type: "ack", address: ZERO_IPV4 });
}

/** ACK if the address is or may become this client's, NAK if it certainly cannot. */
function acknowledge(exchange: Exchange, address: Ipv4Address): DhcpOutcome {
  const { message, network, reserved } = exchange;
  const nak = (why: string): DhcpOutcome => ({ kind: "reply", reply: nakReply(message, network, why) });
  if (!subnetContains(network.subnet, address)) return nak("address of another network");
  if (reserved !== undefined && reserved !== address) return nak("another address is reserved");
  if (!mayHave(exchange, address)) return nak("address not available");
  const leaseSeconds = leaseSecondsFor(exchange);
  return grant(exchange, {
    type: "ack",
    address,
    leaseSeconds,
    binding: bindingFor(exchange, address, "leased", leaseSeconds),
  });
}

/**
 * In the order of RFC 2131 section 4.3.1: the reservation, what the client has or had, what it asks for, a free one.
 */
function chooseAddress(exchange: Exchange): Ipv4Address | Extract<DhcpOutcome, { kind: "ignore" }> {
  const { bindings, client, message, now, reserved } = exchange;
  if (reserved !== undefined) return mayHave(exchange, reserved) ? reserved : ignore("reserved-address-in-use");
  const former = bindings.ofMac(client.mac)?.address;
  if (former !== undefined && mayHave(exchange, former)) return former;
  const wanted = readIpv4Option(message, OPTION.requestedAddress);
  if (wanted !== undefined && mayHave(exchange, wanted)) return wanted;
  const isReserved = (address: Ipv4Address) => isReservedForOther(exchange, address);
  return bindings.findFree(isReserved, now) ?? ignore("pool-exhausted");
}

/** Whether nobody else holds or has reserved the address, and it is ours to give. */
function mayHave(exchange: Exchange, address: Ipv4Address): boolean {
  const { bindings, client, network, now, reserved } = exchange;
  if (address !== reserved && !inPool(network, address)) return false;
  if (isReservedForOther(exchange, address)) return false;
  const holder = bindings.ofAddress(address);
  return holder === undefined || !isHeld(holder, now) || (holder.mac === client.mac && holder.state !== "declined");
}

function isReservedForOther({ client, inventory, network }: Exchange, address: Ipv4Address): boolean {
  if (address === network.serverAddress || address === network.router) return true;
  const owner = inventory.machineByAddress.get(address);
  return owner !== undefined && owner.macs[0] !== client.mac;
}

function grant(
  exchange: Exchange,
  {
    type,
    address,
    leaseSeconds,
    binding,
  }: {
    readonly type: "offer" | "ack";
    readonly address: Ipv4Address;
    readonly leaseSeconds?: number;
    readonly binding?: Binding | undefined;
  },
): DhcpOutcome {
  const { client, machine, message, network, services } = exchange;
  const boot: BootDecision = decideBoot(client, services);
  const reply = grantReply(message, network, {
    type,
    yiaddr: address,
    boot,
    ...(leaseSeconds === undefined ? {} : { leaseSeconds }),
    ...(machine === undefined ? {} : { hostName: machine.name }),
  });
  return { kind: "reply", reply, boot, ...(binding === undefined ? {} : { binding }) };
}

function bindingFor(exchange: Exchange, address: Ipv4Address, state: Binding["state"], seconds: number): Binding {
  const hostName = exchange.machine?.name ?? readTextOption(exchange.message, OPTION.hostName);
  return {
    address,
    mac: exchange.client.mac,
    state,
    expiresAt: exchange.now + seconds * 1000,
    ...(hostName === undefined ? {} : { hostName }),
  };
}

/** What the client asks for (option 51), within bounds. */
function leaseSecondsFor({ message, network }: Exchange): number {
  const wanted = readUint32Option(message, OPTION.leaseTime) ?? network.leaseSeconds;
  return Math.min(Math.max(wanted, SHORTEST_LEASE_SECONDS), network.leaseSeconds);
}

/** A reservation is for the card that the machine boots from: two cards must not get one address. */
function reservationOf(machine: Machine | undefined, client: BootClient): Ipv4Address | undefined {
  return machine?.macs[0] === client.mac ? machine.address : undefined;
}

function inPool({ pool }: DhcpNetwork, address: Ipv4Address): boolean {
  if (pool === undefined) return false;
  const number = ipv4ToNumber(address);
  return ipv4ToNumber(pool.first) <= number && number <= ipv4ToNumber(pool.last);
}

function ignore(reason: DhcpIgnoreReason): Extract<DhcpOutcome, { kind: "ignore" }> {
  return { kind: "ignore", reason };
}
