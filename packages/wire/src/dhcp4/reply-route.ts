import { type Ipv4Address, ZERO_IPV4 } from "../address.ts";
import type { Dhcp4Message } from "./message.ts";
import { messageType } from "./options.ts";

const SERVER_PORT = 67;
const CLIENT_PORT = 68;

/** Where a reply is sent: to the relay, to the client's address, or to 255.255.255.255. */
export type ReplyRoute =
  | { readonly kind: "relay"; readonly address: Ipv4Address; readonly port: typeof SERVER_PORT }
  | { readonly kind: "unicast"; readonly address: Ipv4Address; readonly port: typeof CLIENT_PORT }
  | { readonly kind: "broadcast"; readonly port: typeof CLIENT_PORT };

/**
 * Where the reply to this request goes (RFC 2131 section 4.1). A client without an address is always answered by
 * broadcast, whether it set the broadcast flag or not: unicasting needs an ARP entry that it cannot answer for, and
 * clients that did not set the flag take a broadcast too (rule R6). Replies on port 4011 do not go by this: they return
 * to where the request came from.
 */
export function replyRoute(request: Dhcp4Message, reply: Dhcp4Message): ReplyRoute {
  if (request.giaddr !== ZERO_IPV4) return { kind: "relay", address: request.giaddr, port: SERVER_PORT };
  if (messageType(reply) !== "nak" && request.ciaddr !== ZERO_IPV4) {
    return { kind: "unicast", address: request.ciaddr, port: CLIENT_PORT };
  }
  return { kind: "broadcast", port: CLIENT_PORT };
}
