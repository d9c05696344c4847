import { type Ipv4Address, ipv4ToNumber, OPTION, readIpv4Option } from "@railhead/wire";
import { isHeld } from "./binding.ts";
import { type Exchange, ignore } from "./exchange.ts";
import type { DhcpNetwork } from "./network.ts";
import type { DhcpOutcome } from "./outcome.ts";

/**
 * In the order of RFC 2131 section 4.3.1: the reservation, what the client has or had, what it asks for, a free one.
 */
export function chooseAddress(exchange: Exchange): Ipv4Address | Extract<DhcpOutcome, { kind: "ignore" }> {
  const { bindings, client, message, network, now, reserved } = exchange;
  if (reserved !== undefined) return mayHave(exchange, reserved) ? reserved : ignore("reserved-address-in-use");
  const former = bindings.ofMac(client.mac)?.address;
  if (former !== undefined && mayHave(exchange, former)) return former;
  const wanted = readIpv4Option(message, OPTION.requestedAddress);
  if (wanted !== undefined && mayHave(exchange, wanted)) return wanted;
  const isReserved = (address: Ipv4Address) => isReservedForOther(exchange, address);
  return bindings.findFree(isReserved, now) ?? ignore(network.pool === undefined ? "no-reservation" : "pool-exhausted");
}

/** Whether nobody else holds or has reserved the address, and it is ours to give. */
export function mayHave(exchange: Exchange, address: Ipv4Address): boolean {
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

function inPool({ pool }: DhcpNetwork, address: Ipv4Address): boolean {
  if (pool === undefined) return false;
  const number = ipv4ToNumber(address);
  return ipv4ToNumber(pool.first) <= number && number <= ipv4ToNumber(pool.last);
}
