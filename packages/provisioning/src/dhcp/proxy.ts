import { messageType, ZERO_IPV4 } from "@railhead/wire";
import { decideBoot } from "../boot/decide.ts";
import { type Exchange, ignore } from "./exchange.ts";
import type { DhcpOutcome } from "./outcome.ts";
import { proxyReply } from "./reply.ts";

/**
 * Decides as a proxyDHCP server (PXE 2.1 section 2.2): another server gives the address, this one adds what to boot.
 * The offer names the boot file outright (rule R10), so most firmware asks no further.
 */
export function respondAsProxy(exchange: Exchange): DhcpOutcome {
  const { client, message, network, services } = exchange;
  if (messageType(message) !== "discover") return ignore("address-is-anothers");
  const boot = decideBoot(client, services, exchange.looping);
  if (boot.kind === "none") return ignore(boot.reason);
  return { kind: "reply", boot, reply: proxyReply(message, network, { type: "offer", boot, yiaddr: ZERO_IPV4 }) };
}

/**
 * Decides about a message on port 4011, where firmware asks the boot server itself (PXE 2.1 section 2.2.5, "BINL"):
 * in proxy mode, or when an offer said `PXEClient` without naming a file. The answer goes back to where it came from.
 */
export function respondAsBootServer(exchange: Exchange): DhcpOutcome {
  const { client, message, network, services } = exchange;
  const type = messageType(message);
  if (type !== "request" && type !== "inform") return ignore("not-for-a-boot-server");
  const boot = decideBoot(client, services, exchange.looping);
  if (boot.kind === "none") return ignore(boot.reason);
  return { kind: "reply", boot, reply: proxyReply(message, network, { type: "ack", boot, yiaddr: message.ciaddr }) };
}
