import type { RemoteInfo } from "node:dgram";
import { type Binding, buildInventory, type DhcpNetwork, type RecordStore } from "@railhead/provisioning";
import { memoryStore } from "@railhead/store";
import { CLIENT_MAC, clientMessage, ipxeOptions, LAB_SERVER, LAB_SERVICES, labNetwork } from "@railhead/testkit";
import {
  bytesOption,
  type Dhcp4Message,
  decodeDhcp4,
  encodeDhcp4,
  messageType,
  OPTION,
  parseIpv4,
  uint16Option,
} from "@railhead/wire";
import { describe, expect, test } from "vitest";
import { snapshotOf } from "../inventory/snapshot.ts";
import type { ServerEvent } from "../log/events.ts";
import { BindingLedger } from "./binding-ledger.ts";
import { DhcpServer } from "./dhcp-server.ts";

const SERVER = LAB_SERVER;
const FROM: RemoteInfo = { address: "0.0.0.0", family: "IPv4", port: 68, size: 0 };
const ARRIVAL = { from: FROM, network: undefined, port: 67 } as const;
const { inventory } = buildInventory({ machines: [], groups: [], profiles: [], ignitionFiles: new Set() });

/** A network on which some addresses are taken by strangers. */
function takenBy(holders: Readonly<Record<string, string>>) {
  return { isUnderWay: () => false, findHolder: (address: string) => Promise.resolve(holders[address]) };
}

function createServer(
  store: RecordStore<Binding> = memoryStore(),
  probe = takenBy({}),
  overrides: Partial<DhcpNetwork> = {},
) {
  const events: ServerEvent[] = [];
  const sent: { payload: Uint8Array; port: number; address: string }[] = [];
  const contacts: string[] = [];
  const pool = { first: parseIpv4("10.77.0.100"), last: parseIpv4("10.77.0.100") };
  const network = labNetwork({ pool, ...overrides });
  const ledger = new BindingLedger(store, [network]);
  const server = new DhcpServer({
    networks: () => [{ network, services: LAB_SERVICES }],
    ledger,
    probe,
    snapshot: () => snapshotOf({ inventory }),
    now: () => 1_800_000_000_000,
    log: (event) => events.push(event),
    onContact: ({ mac, stage, address }) => contacts.push(`${mac} ${stage} ${address}`),
    send: (_from, payload, port, address) => sent.push({ payload, port, address }),
  });
  return {
    server,
    ledger,
    events,
    sent,
    contacts,
    hear: (message: Dhcp4Message) => server.handle(encodeDhcp4(message), ARRIVAL),
  };
}

/** A store whose disk is full. */
function fullStore(): RecordStore<Binding> {
  const empty = memoryStore<Binding>();
  return {
    ...empty,
    all: () => empty.all(),
    get: (key) => empty.get(key),
    put: () => Promise.reject(new Error("no space left on device")),
    delete: () => Promise.resolve(),
  };
}

const request = clientMessage("request", { requested: "10.77.0.100", serverId: SERVER });

describe("a lease", () => {
  test("is in the store when the ACK leaves", async () => {
    const store = memoryStore<Binding>();
    const order: string[] = [];
    const put = store.put.bind(store);
    const watched = {
      ...store,
      all: () => store.all(),
      get: (key: string) => store.get(key),
      put: async (key: string, value: Binding) => {
        await put(key, value);
        order.push("stored");
      },
    };
    const { hear, sent } = createServer(watched);
    await hear(request);
    order.push(...sent.map(({ payload }) => messageType(decodeDhcp4(payload)) ?? ""));
    expect(order).toEqual(["stored", "ack"]);
    expect(store.get("10.77.0.100")).toMatchObject({ mac: CLIENT_MAC, state: "leased" });
  });

  test("that cannot be written is not handed out, and the server says why and goes on", async () => {
    const { ledger, hear, sent, events } = createServer(fullStore());
    await hear(clientMessage("discover"));
    await hear(request);
    expect(sent.map(({ payload }) => messageType(decodeDhcp4(payload)))).toEqual(["offer"]);
    expect(events.at(-1)).toMatchObject({ event: "dhcp.failed", error: "no space left on device" });
    // The offer stands as before, and nobody else was given the address.
    expect(ledger.ofAddress(parseIpv4("10.77.0.100"))?.mac).toBe(CLIENT_MAC);
  });

  test("whose first request fails to be written, and whose second does not, is there (no rollback of what came after)", async () => {
    const store = memoryStore<Binding>();
    const failing = Promise.withResolvers<void>();
    let puts = 0;
    const flaky: RecordStore<Binding> = {
      all: () => store.all(),
      get: (key) => store.get(key),
      delete: (key) => store.delete(key),
      put: (key, value) => (puts++ === 0 ? failing.promise : store.put(key, value)),
    };
    const { ledger, hear, sent } = createServer(flaky);
    const first = hear(request);
    const second = hear(request);
    failing.reject(new Error("no space left on device"));
    await Promise.all([first, second]);
    expect(sent.map(({ payload }) => messageType(decodeDhcp4(payload)))).toEqual(["ack"]);
    expect(ledger.ofAddress(parseIpv4("10.77.0.100"))?.mac).toBe(CLIENT_MAC);
    expect(ledger.values()).toMatchObject([{ state: "leased" }]);
  });

  test("is not taken by a client whose reply does not fit into a packet", async () => {
    const { ledger, hear, sent, events } = createServer();
    await hear(
      clientMessage("request", {
        requested: "10.77.0.100",
        options: [bytesOption(OPTION.clientId, new Uint8Array(400))],
      }),
    );
    expect(sent).toEqual([]);
    expect(events.map(({ event }) => event)).toEqual(["dhcp.failed"]);
    expect(ledger.values()).toEqual([]);
  });

  test("is known again by a server that opens the store anew", async () => {
    const store = memoryStore<Binding>();
    await createServer(store).hear(request);
    const { hear, sent, events } = createServer(store);
    await hear(clientMessage("discover", { mac: "52:54:00:aa:00:99" }));
    expect(sent).toEqual([]);
    expect(events).toMatchObject([{ event: "dhcp.ignored", reason: "pool-exhausted" }]);
  });
});

describe("a reply", () => {
  test("is broadcast to a client without an address (R6) and sent to the relay that asked (RFC 2131 section 4.1)", async () => {
    const { hear, sent } = createServer();
    await hear(clientMessage("discover"));
    await hear(clientMessage("discover", { giaddr: "10.77.0.9" }));
    expect(sent.map(({ address, port }) => `${address}:${port}`)).toEqual(["255.255.255.255:68", "10.77.0.9:67"]);
  });

  test("is padded to 300 bytes, for clients that drop shorter ones", async () => {
    const { hear, sent } = createServer();
    await hear(clientMessage("discover"));
    expect(sent[0]?.payload.length).toBeGreaterThanOrEqual(300);
  });

  test.each([
    ["a client that takes less than the least there is", 100],
    ["EDK2, which says 65280", 65_280],
  ])("fits %s (option 57)", async (_name, size) => {
    const { hear, sent } = createServer();
    await hear(clientMessage("discover", { options: [...ipxeOptions(0), uint16Option(OPTION.maxMessageSize, size)] }));
    expect(sent[0]?.payload.length).toBeLessThanOrEqual(1472);
    expect(sent).toHaveLength(1);
  });

  test("tells who booted how far", async () => {
    const { hear, contacts, events } = createServer();
    await hear(clientMessage("discover", { options: ipxeOptions(0) }));
    expect(contacts).toEqual([`${CLIENT_MAC} ipxe 10.77.0.100`]);
    expect(events).toMatchObject([{ event: "dhcp.reply", type: "offer", boot: "script" }]);
  });
});

describe("an address that is offered for the first time", () => {
  const twoAddresses = {
    conflictCheck: true,
    pool: { first: parseIpv4("10.77.0.100"), last: parseIpv4("10.77.0.101") },
  };

  test("is looked for first; one that another host has is kept from all, and the client gets the next (RFC 2131 section 2.2)", async () => {
    const { hear, sent, events, ledger } = createServer(
      undefined,
      takenBy({ "10.77.0.100": "02:00:00:00:00:09" }),
      twoAddresses,
    );
    await hear(clientMessage("discover"));
    expect(sent.map(({ payload }) => decodeDhcp4(payload).yiaddr)).toEqual(["10.77.0.101"]);
    expect(events[0]).toMatchObject({ event: "dhcp.conflict", address: "10.77.0.100", holder: "02:00:00:00:00:09" });
    expect(ledger.values().find(({ address }) => address === "10.77.0.100")?.state).toBe("declined");
  });

  test("may be the client's own, which it has kept from an earlier life", async () => {
    const { hear, sent } = createServer(undefined, takenBy({ "10.77.0.100": CLIENT_MAC }), twoAddresses);
    await hear(clientMessage("discover"));
    expect(sent.map(({ payload }) => decodeDhcp4(payload).yiaddr)).toEqual(["10.77.0.100"]);
  });

  test("is not looked for again once it has been leased", async () => {
    const { hear, sent } = createServer(undefined, takenBy({ "10.77.0.100": "02:00:00:00:00:09" }), twoAddresses);
    await hear(request);
    await hear(clientMessage("discover"));
    expect(sent.map(({ payload }) => decodeDhcp4(payload).yiaddr)).toEqual(["10.77.0.100", "10.77.0.100"]);
  });
});

test.each([
  ["an empty datagram", new Uint8Array(0)],
  ["half a header", new Uint8Array(100)],
  ["a header without the magic cookie", new Uint8Array(300)],
])("%s is one event and no reply", async (_name, datagram) => {
  const { server, sent, events } = createServer();
  await server.handle(datagram, ARRIVAL);
  expect(sent).toEqual([]);
  expect(events.map(({ event }) => event)).toEqual(["dhcp.malformed"]);
});
