import { describe, expect, test } from "vitest";
import { parseIpv4, ZERO_IPV4 } from "../address.ts";
import { type Dhcp4Message, decodeDhcp4 } from "./message.ts";
import { type Dhcp4MessageType, messageTypeOption } from "./options.ts";
import { replyTo } from "./reply.ts";
import { type ReplyRoute, replyRoute } from "./reply-route.ts";

const BLANK = new Uint8Array(240);
BLANK.set([1, 1, 6]);
BLANK.set([99, 130, 83, 99], 236);
const REQUEST: Dhcp4Message = { ...decodeDhcp4(BLANK), xid: 7, secs: 9, hops: 2, reservedFlags: 1 };
const RELAY = parseIpv4("10.88.0.1");
const CLIENT = parseIpv4("10.77.0.9");

function reply(request: Dhcp4Message, type: Dhcp4MessageType): Dhcp4Message {
  return replyTo(request, { options: [messageTypeOption(type)] });
}

describe("a reply goes (RFC 2131 section 4.1)", () => {
  const toRelay = { kind: "relay", address: RELAY, port: 67 } as const;
  const toClient = { kind: "unicast", address: CLIENT, port: 68 } as const;
  const toAll = { kind: "broadcast", port: 68 } as const;
  test.each<[string, Partial<Dhcp4Message>, Dhcp4MessageType, ReplyRoute]>([
    ["to the relay, port 67", { giaddr: RELAY }, "offer", toRelay],
    ["to the relay, whatever ciaddr and flag say", { giaddr: RELAY, ciaddr: CLIENT, broadcast: true }, "ack", toRelay],
    ["to the relay, a NAK as well", { giaddr: RELAY }, "nak", toRelay],
    ["to ciaddr when renewing", { ciaddr: CLIENT }, "ack", toClient],
    [
      "to ciaddr although the flag is set: that client has its address",
      { ciaddr: CLIENT, broadcast: true },
      "ack",
      toClient,
    ],
    ["to all, a NAK even with ciaddr", { ciaddr: CLIENT }, "nak", toAll],
    ["to all when the client set the broadcast flag (R6)", { broadcast: true }, "offer", toAll],
    ["to all without the flag too, as the client has no address to be reached at (R6)", {}, "offer", toAll],
    ["to all, an ACK of a client without an address (R6)", {}, "ack", toAll],
  ])("%s", (_where, fields, type, route) => {
    const request = { ...REQUEST, ...fields };
    expect(replyRoute(request, reply(request, type))).toEqual(route);
  });
});

describe("a reply (RFC 2131 table 3)", () => {
  test("takes over xid, flags, giaddr and chaddr, and nothing else", () => {
    const request = { ...REQUEST, giaddr: RELAY, ciaddr: CLIENT, chaddr: new Uint8Array(16).fill(5) };
    expect(replyTo(request, { siaddr: RELAY, file: "ipxe.efi", options: [] })).toMatchObject({
      op: "reply",
      xid: 7,
      secs: 0,
      hops: 0,
      reservedFlags: 1,
      giaddr: RELAY,
      ciaddr: ZERO_IPV4,
      yiaddr: ZERO_IPV4,
      siaddr: RELAY,
      chaddr: request.chaddr,
    });
  });

  test("that is a NAK through a relay has the broadcast bit (RFC 2131 section 4.3.2)", () => {
    expect(reply({ ...REQUEST, giaddr: RELAY }, "nak").broadcast).toBe(true);
    expect(reply({ ...REQUEST, giaddr: RELAY }, "ack").broadcast).toBe(false);
    expect(reply(REQUEST, "nak").broadcast).toBe(false);
  });
});
