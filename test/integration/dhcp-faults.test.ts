import { join } from "node:path";
import { fileURLToPath } from "node:url";
import {
  clientMessage,
  createLab,
  type DhcpClient,
  type LabSettings,
  labNeeds,
  openDhcpClient,
  replyKind,
  serveCommand,
  startLabServer,
  startUdpPorts,
} from "@railhead/testkit";
import { describe, expect, test } from "vitest";
import { suspiciousEvents } from "./known-events.ts";
import { attachHost, type ClientSide, makeSwitch } from "./lab-host.ts";
import { startProgram } from "./lab-program.ts";
import {
  type ClientPlan,
  type RunningClient,
  setMac,
  startDhclient,
  startUdhcpc,
  takenLease,
} from "./operating-system-clients.ts";

const needs = labNeeds("busybox", "dhclient", "nft", "perl");
const FORWARDER = fileURLToPath(new URL("./fixtures/shuffle-frames.pl", import.meta.url));
const ROUNDS = 3;

const CLIENTS: readonly (readonly [
  string,
  (side: ClientSide, plan: ClientPlan) => RunningClient,
  readonly string[],
])[] = [
  ["udhcpc", startUdhcpc, ["bound"]],
  ["dhclient", startDhclient, ["BOUND", "REBOOT"]],
];

/** Changes the lab's one network. */
function network(changes: object) {
  return (settings: LabSettings) => ({
    ...settings,
    networks: settings.networks.map((each) => ({ ...each, ...changes })),
  });
}

describe.skipIf(needs.skip)(`a cable that is bad${needs.note}`, () => {
  test("10 % of all packets are lost: every client gets its lease, and the same one each time", async () => {
    await using lab = await createLab();
    await lab.network.lose(10);
    expect(await addressesOfRounds(lab)).toEqual([1, 1]);
    expect(suspiciousEvents(lab.server.events)).toEqual([]);
  });

  test("packets come twice and in another order: every client gets one lease, and nobody a NAK", async () => {
    await using lab = await createLab();
    const host = await attachHost(lab, lab.network.inClient, { device: "port1" });
    await startProgram(lab, lab.network.inClient(["perl", FORWARDER, "eth0", "port1"]), "forwarding");
    expect(await addressesOfRounds(host)).toEqual([1, 1]);

    // A crowd, so that there is something to overtake.
    const udp = lab.adopt(startUdpPorts(host.network.inClient));
    await setMac(host, "52:54:00:77:07:09");
    const crowd = await openDhcpClient(udp);
    const addresses = await Promise.all(Array.from({ length: 40 }, (_, index) => lease(crowd, index)));
    expect(new Set(addresses).size).toBe(40);
    expect(addresses).not.toContain(undefined);
    expect(lab.server.events.filter((event) => event["type"] === "nak")).toEqual([]);
    expect(suspiciousEvents(lab.server.events)).toEqual([]);
  });
});

describe.skipIf(needs.skip)(`more clients than there is room for${needs.note}`, () => {
  test("a pool of two addresses and three clients: the third gets none, until one is given back", async () => {
    await using lab = await createLab({ settings: network({ pool: { first: "10.77.0.100", last: "10.77.0.101" } }) });
    const taken: (string | undefined)[] = [];
    for (const [name, mac] of [
      ["first", "52:54:00:77:07:11"],
      ["second", "52:54:00:77:07:12"],
    ] as const) {
      await setMac(lab, mac);
      await using client = startUdhcpc(lab, { name });
      taken.push(takenLease(await client.record("bound")).address);
    }
    expect(taken.toSorted((a = "", b = "") => a.localeCompare(b))).toEqual(["10.77.0.100", "10.77.0.101"]);

    await setMac(lab, "52:54:00:77:07:13");
    await using third = startUdhcpc(lab, { name: "third" });
    await lab.server.waitForEvent((event) => event["reason"] === "pool-exhausted");
    expect(third.records().map(({ event }) => event)).not.toContain("bound");

    await using udp = startUdpPorts(lab.network.inClient);
    const release = clientMessage("release", {
      mac: "52:54:00:77:07:12",
      ciaddr: taken[1] ?? "",
      serverId: "10.77.0.1",
    });
    (await openDhcpClient(udp)).send(release);
    expect(takenLease(await third.record("bound")).address).toBe(taken[1]);
  });

  test("200 first contacts at once: all are answered at the first attempt, each with an address of its own", async () => {
    await using lab = await createLab({
      clientAddress: "10.77.0.250/16",
      settings: network({ subnet: "10.77.0.0/16", pool: { first: "10.77.1.0", last: "10.77.2.255" } }),
    });
    const crowd = await openDhcpClient(lab.udp);
    const addresses = await Promise.all(Array.from({ length: 200 }, (_, index) => lease(crowd, index)));
    expect(addresses).not.toContain(undefined);
    expect(new Set(addresses).size).toBe(200);
    const replies = (type: string) => lab.server.events.filter((event) => event["type"] === type).length;
    await expect.poll(() => [replies("offer"), replies("ack")], { timeout: 10_000 }).toEqual([200, 200]);
  });
});

describe.skipIf(needs.skip)(`two servers on one wire${needs.note}`, () => {
  test("each client has one lease, of one of them, and keeps it; neither server NAKs the other's clients", async () => {
    await using ours = await createLab({ settings: network({ pool: { first: "10.77.0.100", last: "10.77.0.119" } }) });
    await makeSwitch(ours);
    await using theirs = await createLab({
      start: false,
      settings: (settings) => ({
        ...network({ pool: { first: "10.77.0.180", last: "10.77.0.199" }, serverAddress: "10.77.0.2" })(settings),
        http: { address: "10.77.0.2", port: 8080 },
      }),
    });
    const { inClient } = ours.network;
    const other = await attachHost(ours, inClient, { device: "port1", bridge: "br0", hostAddress: "10.77.0.2/24" });
    const host = await attachHost(ours, inClient, { device: "port2", bridge: "br0" });
    const second = ours.adopt(
      startLabServer(other.network.inClient(serveCommand(join(theirs.directory, "railhead.yaml")))),
    );
    await second.waitForEvent(({ event }) => event === "server.ready");

    const addresses = new Set<string | undefined>();
    for (const [index, [name, start, events]] of [...CLIENTS, ...CLIENTS].entries()) {
      await setMac(host, `52:54:00:77:07:2${index}`);
      await using client = start(host, { name: `${name}-between-${index}` });
      addresses.add(takenLease(await client.record(...events)).address);
    }
    expect(addresses.size).toBe(2 * CLIENTS.length);
    await setMac(host, "52:54:00:77:07:29");
    await using renewing = startUdhcpc(host, { name: "renewing-between" });
    const lease = takenLease(await renewing.record("bound"));
    renewing.signal("SIGUSR1");
    expect(takenLease(await renewing.record("renew"))).toEqual(lease);

    const all = [...ours.server.events, ...second.events];
    expect(all.filter((event) => event["type"] === "nak")).toEqual([]);
    // Whoever was not chosen knows it.
    expect(all.map((event) => event["reason"])).toContain("another-server-selected");
    // Each was alone when it started but the second, which says so.
    expect(await second.waitForEvent(({ event }) => event === "dhcp.foreign-server")).toMatchObject({
      server: "10.77.0.1",
    });
  });
});

/** How many addresses each client was given in some rounds of starting anew. */
async function addressesOfRounds(side: ClientSide): Promise<readonly number[]> {
  const counts: number[] = [];
  for (const [index, [name, start, events]] of CLIENTS.entries()) {
    const addresses = new Set<string | undefined>();
    for (let round = 0; round < ROUNDS; round += 1) {
      await setMac(side, `52:54:00:77:07:0${index}`);
      await using client = start(side, { name: `${name}-bad-cable-${round}` });
      addresses.add(takenLease(await client.record(...events)).address);
    }
    expect([...addresses].every((address) => address?.startsWith("10.77.0.1"))).toBe(true);
    counts.push(addresses.size);
  }
  return counts;
}

/** DISCOVER and REQUEST of the client of a number, once each; `undefined` when one of them was not answered. */
async function lease(crowd: DhcpClient, index: number): Promise<string | undefined> {
  const mac = `52:54:00:78:00:${index.toString(16).padStart(2, "0")}`;
  const offer = await crowd.exchange(clientMessage("discover", { mac, header: { xid: 0x10000 + index } }), 20_000);
  if (offer === undefined) return undefined;
  const taking = { mac, requested: offer.yiaddr, serverId: "10.77.0.1", header: { xid: 0x20000 + index } };
  const ack = await crowd.exchange(clientMessage("request", taking), 20_000);
  return replyKind(ack) === "ack" ? ack?.yiaddr : undefined;
}
