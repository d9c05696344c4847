import {
  findOption,
  type Ipv4Address,
  messageType,
  OPTION,
  readIpv4Option,
  readRelayInfo,
  readUint32Option,
  subnetContains,
  ZERO_IPV4,
} from "@railhead/wire";
import { decideBoot } from "../boot/decide.ts";
import { type Binding, isHeld } from "./binding.ts";
import { chooseAddress, mayHave } from "./choose-address.ts";
import { bindingFor, type Exchange, ignore } from "./exchange.ts";
import type { DhcpOutcome } from "./outcome.ts";
import { grantReply, nakReply } from "./reply.ts";

const SHORTEST_LEASE_SECONDS = 60;

/** Decides as the server that gives addresses (RFC 2131 section 4.3). */
export function respondWithLease(exchange: Exchange): DhcpOutcome {
  switch (messageType(exchange.message)) {
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
  const leaseSeconds = leaseSecondsFor(exchange);
  if (exchange.network.rapidCommit && findOption(exchange.message, OPTION.rapidCommit) !== undefined) {
    const lease = bindingFor(exchange, address, "leased", leaseSeconds);
    return grant(exchange, { type: "ack", address, leaseSeconds, binding: lease, rapidCommit: true });
  }
  const offer = grant(exchange, { type: "offer", address, leaseSeconds, binding });
  const unverified = address !== exchange.reserved && exchange.bindings.ofAddress(address) === undefined;
  return unverified && offer.kind === "reply" ? { ...offer, unverified } : offer;
}

/** RFC 2131 section 4.3.2: which kind of REQUEST it is follows from options 54, 50 and `ciaddr`. */
function onRequest(exchange: Exchange): DhcpOutcome {
  const { message, network } = exchange;
  const requested = readIpv4Option(message, OPTION.requestedAddress);
  const selected = readIpv4Option(message, OPTION.serverId);
  if (selected !== undefined) {
    // A relay may stand in for us, so that renewals pass through it (RFC 5107).
    const ours = [network.serverAddress, readRelayInfo(message)?.serverIdOverride];
    // Another server's offer was taken. To NAK here, as some servers do, ends the client's boot (rule R13).
    if (!ours.includes(selected)) return ignore("another-server-selected");
    const address = requested ?? (message.ciaddr === ZERO_IPV4 ? undefined : message.ciaddr);
    return address === undefined ? ignore("request-without-address") : acknowledge(exchange, address);
  }
  if (message.ciaddr !== ZERO_IPV4) return acknowledge(exchange, message.ciaddr); // RENEWING, REBINDING
  return requested === undefined ? ignore("request-without-address") : acknowledge(exchange, requested); // INIT-REBOOT
}

/** The client says that somebody else answers at the address (RFC 2131 section 4.3.3). */
function onDecline(exchange: Exchange): DhcpOutcome {
  const { bindings, client, message, network, reserved } = exchange;
  const address = readIpv4Option(message, OPTION.requestedAddress);
  if (address === undefined) return ignore("request-without-address");
  const binding = bindings.ofAddress(address);
  if (binding === undefined || binding.mac !== client.mac || binding.state === "declined") {
    return ignore("not-the-holder");
  }
  // A machine has no other address than its reservation: whoever is in the way of that is looked for again soon.
  const seconds = address === reserved ? Math.min(network.quarantineSeconds, 60) : network.quarantineSeconds;
  return { kind: "record", binding: bindingFor(exchange, address, "declined", seconds) };
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

function grant(
  exchange: Exchange,
  {
    type,
    address,
    leaseSeconds,
    binding,
    rapidCommit = false,
  }: {
    readonly type: "offer" | "ack";
    readonly address: Ipv4Address;
    readonly leaseSeconds?: number;
    readonly binding?: Binding | undefined;
    readonly rapidCommit?: boolean;
  },
): DhcpOutcome {
  const { client, machine, message, network, services } = exchange;
  const boot = decideBoot(client, services, exchange.looping);
  const reply = grantReply(message, network, {
    type,
    yiaddr: address,
    boot,
    rapidCommit,
    ...(leaseSeconds === undefined ? {} : { leaseSeconds }),
    ...(machine === undefined ? {} : { hostName: machine.name }),
  });
  return { kind: "reply", reply, boot, ...(binding === undefined ? {} : { binding }) };
}

/** What the client asks for (option 51), within bounds. */
function leaseSecondsFor({ message, network }: Exchange): number {
  const wanted = readUint32Option(message, OPTION.leaseTime) ?? network.leaseSeconds;
  return Math.min(Math.max(wanted, SHORTEST_LEASE_SECONDS), network.leaseSeconds);
}
