import {
  type ClientMessage,
  clientMessage,
  firmwareOptions,
  ipxeOptions,
  LAB_SERVER,
  LAB_SERVICES,
  labNetwork,
} from "@railhead/testkit";
import {
  bytesOption,
  type Dhcp4Message,
  decodeDhcp4,
  encodeDhcp4,
  fieldText,
  findOption,
  messageType,
  OPTION,
  parseIpv4,
  parseMac,
  readIpv4List,
  readIpv4Option,
  readTextOption,
  readUint32Option,
  uint32Option,
  ZERO_IPV4,
} from "@railhead/wire";
import { describe, expect, test } from "vitest";
import { buildInventory, type Inventory } from "../inventory/inventory.ts";
import type { Machine } from "../inventory/machine.ts";
import { BindingTable } from "./binding-table.ts";
import type { DhcpNetwork } from "./network.ts";
import type { DhcpOutcome } from "./outcome.ts";
import { respond } from "./respond.ts";

const NOW = 1_800_000_000_000;
const SERVER = LAB_SERVER;
const NETWORK = labNetwork();

const A = "52:54:00:aa:00:01";
const B = "52:54:00:aa:00:02";
const C = "52:54:00:aa:00:03";

/** A server with its memory: what it replies is applied at once. */
function server(machines: readonly Machine[] = [], network: DhcpNetwork = NETWORK) {
  const bindings = new BindingTable(network);
  const inventory = inventoryOf(machines);
  return {
    bindings,
    hear(message: Dhcp4Message, now = NOW): DhcpOutcome {
      const outcome = respond({ message, network, services: LAB_SERVICES, inventory, bindings, now });
      if (outcome.kind !== "ignore" && outcome.binding !== undefined) bindings.apply(outcome.binding);
      return outcome;
    },
    /** DISCOVER, then REQUEST of what was offered; the address, or why there is none. */
    lease(mac: string, now = NOW, extra: ClientMessage = {}): string {
      const offer = this.hear(clientMessage("discover", { mac, ...extra }), now);
      if (offer.kind !== "reply") return "reason" in offer ? offer.reason : offer.kind;
      const requested = offer.reply.yiaddr;
      return describeOutcome(this.hear(clientMessage("request", { mac, requested, serverId: SERVER, ...extra }), now));
    },
  };
}

function inventoryOf(machines: readonly Machine[]): Inventory {
  const parts = machines.map((machine) => ({ file: `machines/${machine.name}.json`, machine }));
  return buildInventory({ machines: parts, groups: [], profiles: [], ignitionFiles: new Set() }).inventory;
}

function machine(name: string, mac: string, address?: string): Machine {
  return {
    name,
    macs: [parseMac(mac)],
    boot: "network",
    labels: {},
    ...(address === undefined ? {} : { address: parseIpv4(address) }),
  };
}

/** `ack 10.77.0.100`, `nak`, or the reason for silence. */
function describeOutcome(outcome: DhcpOutcome): string {
  if (outcome.kind === "ignore") return outcome.reason;
  if (outcome.kind === "record") return outcome.binding.state;
  const type = messageType(outcome.reply);
  return type === "nak" ? "nak" : `${type} ${outcome.reply.yiaddr}`;
}

function replyTo(message: Dhcp4Message, machines: readonly Machine[] = []): Dhcp4Message {
  const outcome = server(machines).hear(message);
  if (outcome.kind !== "reply") throw new Error(`no reply: ${describeOutcome(outcome)}`);
  return outcome.reply;
}

describe("addresses", () => {
  test("a DISCOVER is offered the first free address, and the REQUEST gets it (RFC 2131 section 4.3.1)", () => {
    expect(server().lease(A)).toBe("ack 10.77.0.100");
  });

  test("a machine with a reservation gets that and nothing else; nobody else does (MY-02)", () => {
    const lab = server([machine("core-01", B, "10.77.0.100")]);
    expect(lab.lease(A)).toBe("ack 10.77.0.101");
    expect(lab.lease(B)).toBe("ack 10.77.0.100");
    expect(describeOutcome(lab.hear(clientMessage("request", { mac: A, requested: "10.77.0.100" })))).toBe("nak");
    expect(describeOutcome(lab.hear(clientMessage("request", { mac: B, requested: "10.77.0.101" })))).toBe("nak");
  });

  test("a second network card of a machine does not get the first one's reservation", () => {
    const twoCards = { ...machine("core-01", A, "10.77.0.11"), macs: [parseMac(A), parseMac(B)] };
    const lab = server([twoCards]);
    expect(lab.lease(A)).toBe("ack 10.77.0.11");
    expect(lab.lease(B)).toBe("ack 10.77.0.100");
  });

  test("the last address of the pool is handed out and none beyond it; then the pool is exhausted (MY-04)", () => {
    const lab = server();
    expect([lab.lease(A), lab.lease(B), lab.lease(C)]).toEqual([
      "ack 10.77.0.100",
      "ack 10.77.0.101",
      "pool-exhausted",
    ]);
  });

  test("a network without a pool has no address for a stranger, and says that it is for want of a reservation", () => {
    const { pool: _pool, ...reservationsOnly } = NETWORK;
    const lab = server([machine("core-01", A, "10.77.0.11")], { ...reservationsOnly, mode: "reservations" });
    expect([lab.lease(A), lab.lease(B)]).toEqual(["ack 10.77.0.11", "no-reservation"]);
  });

  test("two clients that were offered at the same time were offered different addresses", () => {
    const lab = server();
    const first = describeOutcome(lab.hear(clientMessage("discover", { mac: A })));
    const second = describeOutcome(lab.hear(clientMessage("discover", { mac: B })));
    expect([first, second]).toEqual(["offer 10.77.0.100", "offer 10.77.0.101"]);
  });

  test("an address whose lease has run out is free again, the one longest unused first", () => {
    const lab = server();
    lab.lease(A);
    lab.lease(B, NOW + 1000);
    expect(lab.lease(C, NOW + 3_600_000)).toBe("ack 10.77.0.100");
  });

  test("a client gets the address again that it had, also after a RELEASE (RFC 2131 section 4.3.1)", () => {
    const lab = server();
    lab.lease(A);
    lab.lease(B);
    expect(describeOutcome(lab.hear(clientMessage("release", { mac: B, ciaddr: "10.77.0.101" })))).toBe("released");
    lab.hear(clientMessage("release", { mac: A, ciaddr: "10.77.0.100" }));
    expect(lab.lease(B)).toBe("ack 10.77.0.101");
  });

  test("an offer does not shorten the lease of a client that holds one", () => {
    const lab = server();
    lab.lease(A);
    lab.hear(clientMessage("discover", { mac: A }), NOW + 1000);
    expect(lab.bindings.ofMac(parseMac(A))).toMatchObject({ state: "leased", expiresAt: NOW + 3_600_000 });
  });

  test("a declined address is given to nobody until its quarantine is over (RFC 2131 section 4.3.3)", () => {
    const lab = server();
    lab.lease(A);
    const decline = clientMessage("decline", { mac: A, requested: "10.77.0.100", serverId: SERVER });
    expect(describeOutcome(lab.hear(decline))).toBe("declined");
    expect([lab.lease(A), lab.lease(B)]).toEqual(["ack 10.77.0.101", "pool-exhausted"]);
    expect(lab.lease(B, NOW + 900_000)).toBe("ack 10.77.0.100");
  });

  test("only the holder can decline or release", () => {
    const lab = server();
    lab.lease(A);
    expect(describeOutcome(lab.hear(clientMessage("decline", { mac: B, requested: "10.77.0.100" })))).toBe(
      "not-the-holder",
    );
    expect(describeOutcome(lab.hear(clientMessage("release", { mac: B, ciaddr: "10.77.0.100" })))).toBe(
      "not-the-holder",
    );
  });

  test("the server's own address and the router's are never handed out", () => {
    const network = { ...NETWORK, pool: { first: SERVER, last: parseIpv4("10.77.0.2") } };
    expect(server([], network).lease(A)).toBe("ack 10.77.0.2");
  });

  test("a client is known by its MAC, whatever client identifier each boot stage sends (rule R18)", () => {
    const lab = server();
    const clientId = (...bytes: number[]) => ({ options: [bytesOption(OPTION.clientId, new Uint8Array(bytes))] });
    expect(lab.lease(A, NOW, clientId(1, 0x52, 0x54, 0, 0xaa, 0, 1))).toBe("ack 10.77.0.100");
    expect(lab.lease(A, NOW, clientId(0xff, 1, 2, 3, 4, 0, 1))).toBe("ack 10.77.0.100");
  });
});

describe("REQUEST (RFC 2131 section 4.3.2)", () => {
  const cases: readonly (readonly [string, ClientMessage, string])[] = [
    [
      "SELECTING another server is left in peace (rule R13)",
      { requested: "10.77.0.100", serverId: "10.77.0.9" },
      "another-server-selected",
    ],
    ["SELECTING us", { requested: "10.77.0.101", serverId: SERVER }, "ack 10.77.0.101"],
    ["INIT-REBOOT with a free address of ours", { requested: "10.77.0.101" }, "ack 10.77.0.101"],
    ["INIT-REBOOT with an address of another network", { requested: "192.0.2.7" }, "nak"],
    ["INIT-REBOOT with an address that we do not give", { requested: "10.77.0.7" }, "nak"],
    ["INIT-REBOOT with somebody else's address", { requested: "10.77.0.100" }, "nak"],
    ["RENEWING or REBINDING of a free address", { ciaddr: "10.77.0.101" }, "ack 10.77.0.101"],
    ["RENEWING of somebody else's address", { ciaddr: "10.77.0.100" }, "nak"],
    ["no address at all", {}, "request-without-address"],
    ["no address but our server identifier", { serverId: SERVER }, "request-without-address"],
  ];
  test.each(cases)("%s", (_name, message, expected) => {
    const lab = server();
    lab.lease(A);
    expect(describeOutcome(lab.hear(clientMessage("request", { mac: B, ...message })))).toBe(expected);
  });

  test("a NAK holds nothing but type, server, reason and what is echoed (table 3)", () => {
    const reply = replyTo(clientMessage("request", { requested: "192.0.2.7" }));
    expect(reply.options.map(({ code }) => code)).toEqual([OPTION.messageType, OPTION.serverId, OPTION.message]);
    expect([reply.yiaddr, reply.siaddr, reply.ciaddr]).toEqual([ZERO_IPV4, ZERO_IPV4, ZERO_IPV4]);
  });
});

describe("who is not answered", () => {
  const cases: readonly (readonly [string, Dhcp4Message, string])[] = [
    ["a reply that came to the server port", clientMessage("discover", { header: { op: "reply" } }), "not-a-request"],
    ["a server's message type", clientMessage("offer"), "server-message-type"],
    ["BOOTP without a message type", clientMessage("discover", { header: { options: [] } }), "no-message-type"],
    [
      "a hardware address of 16 octets",
      clientMessage("discover", { header: { hardwareLength: 16 } }),
      "hardware-not-ethernet",
    ],
    ["a zero hardware address", clientMessage("discover", { mac: "00:00:00:00:00:00" }), "zero-hardware-address"],
  ];
  test.each(cases)("%s", (_name, message, expected) => {
    expect(describeOutcome(server().hear(message))).toBe(expected);
  });
});

describe("what a reply says", () => {
  test("R1: the server identifier is in every reply", () => {
    for (const message of [clientMessage("discover"), clientMessage("request", { requested: "192.0.2.7" })]) {
      expect(readIpv4Option(replyTo(message), OPTION.serverId)).toBe(SERVER);
    }
  });

  test("R2, R3: siaddr is the TFTP server, and the file stands in the header and in option 67 alike", () => {
    const reply = replyTo(clientMessage("discover", { options: firmwareOptions(7) }));
    expect(reply.siaddr).toBe(SERVER);
    expect([fieldText(reply.file), readTextOption(reply, OPTION.bootFile)]).toEqual(["snponly.efi", "snponly.efi"]);
  });

  test("R7: the subnet mask is sent also to a client that does not ask for it", () => {
    const reply = replyTo(
      clientMessage("discover", { options: [bytesOption(OPTION.parameterList, new Uint8Array([15]))] }),
    );
    expect(readIpv4Option(reply, OPTION.subnetMask)).toBe("255.255.255.0");
    expect(readTextOption(reply, OPTION.domainName)).toBe("lab.test");
  });

  test("R8: UEFI PXE gets no vendor class in an authoritative reply", () => {
    expect(
      findOption(replyTo(clientMessage("discover", { options: firmwareOptions(7) })), OPTION.vendorClass),
    ).toBeUndefined();
  });

  test("R9: iPXE is told not to wait for a proxyDHCP server", () => {
    const reply = replyTo(clientMessage("discover", { options: ipxeOptions(0) }));
    expect(findOption(reply, OPTION.ipxe)).toEqual(new Uint8Array([176, 1, 1]));
  });

  test("options come in the order of the parameter request list", () => {
    const wanted = bytesOption(OPTION.parameterList, new Uint8Array([6, 15, 3, 1]));
    const codes = replyTo(clientMessage("discover", { options: [wanted] })).options.map(({ code }) => code);
    expect(codes.filter((code) => [1, 3, 6, 15].includes(code))).toEqual([6, 15, 3, 1]);
  });

  test("client identifier (RFC 6842), machine identifier (RFC 4578) and relay information (RFC 3046) come back byte for byte", () => {
    const echoed = [
      bytesOption(OPTION.relayInfo, new Uint8Array([1, 2, 3, 4])),
      bytesOption(OPTION.clientId, new Uint8Array([0, 1, 2])),
      bytesOption(OPTION.uuid, new Uint8Array(17).fill(7)),
    ];
    const reply = replyTo(clientMessage("discover", { giaddr: "10.77.0.9", options: echoed }));
    for (const { code, data } of echoed) expect(findOption(reply, code)).toEqual(data);
    expect(decodeDhcp4(encodeDhcp4(reply)).options.at(-1)?.code).toBe(OPTION.relayInfo);
  });

  test("lease time, T1 and T2; a client may ask for less but not for more", () => {
    const times = (asked?: number) => {
      const options = asked === undefined ? [] : [uint32Option(OPTION.leaseTime, asked)];
      const reply = replyTo(clientMessage("discover", { options }));
      return [OPTION.leaseTime, OPTION.renewalTime, OPTION.rebindingTime].map((code) => readUint32Option(reply, code));
    };
    expect(times()).toEqual([3600, 1800, 3150]);
    expect(times(600)).toEqual([600, 300, 525]);
    expect(times(0xffffffff)).toEqual([3600, 1800, 3150]);
    expect(times(1)?.[0]).toBe(60);
  });

  test("a declared machine is told its name (KV-12)", () => {
    const reply = replyTo(clientMessage("discover", { mac: A }), [machine("core-01", A)]);
    expect(readTextOption(reply, OPTION.hostName)).toBe("core-01");
  });

  test("INFORM is answered with configuration only: no lease, no address (RFC 2131 section 4.3.5)", () => {
    const reply = replyTo(clientMessage("inform", { ciaddr: "10.77.0.40" }));
    expect([messageType(reply), reply.yiaddr, reply.ciaddr]).toEqual(["ack", ZERO_IPV4, "10.77.0.40"]);
    expect(findOption(reply, OPTION.leaseTime)).toBeUndefined();
    expect(readIpv4List(reply, OPTION.dns)).toEqual(["10.77.0.53"]);
  });
});
