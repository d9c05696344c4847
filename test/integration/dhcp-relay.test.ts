import { clientMessage, createLab, type Lab, labNeeds, labTool, replyKind, runOrThrow } from "@railhead/testkit";
import {
  type Dhcp4Message,
  decodeDhcp4,
  encodeDhcp4,
  findOption,
  ipv4Option,
  macFromBytes,
  messageType,
  OPTION,
  parseIpv4,
  readIpv4Option,
  relayInfoOption,
} from "@railhead/wire";
import { beforeAll, describe, expect, test } from "vitest";
import { captureDhcp, type DhcpCapture } from "./dhcp-capture.ts";
import { attachHost, type ClientSide } from "./lab-host.ts";
import { type LabProgram, startProgram } from "./lab-program.ts";
import { setMac, startDhclient, startUdhcpc, takenLease } from "./operating-system-clients.ts";

const needs = labNeeds("busybox", "dhclient", "dhcrelay", "dnsmasq", "tcpdump");

/** The lab's client side is the router and relay here; the clients are on the network behind it. */
let lab: Lab;
let behind: ClientSide;

const PATIENCE = { timeout: 10_000 };
const RELAY_UPSTREAM = "10.77.0.254";
const RELAY_DOWNSTREAM = "10.79.0.254";
const RESERVED_MAC = "52:54:00:77:03:01";

describe.skipIf(needs.skip)(`machines behind a relay${needs.note}`, () => {
  beforeAll(async () => {
    lab = await createLab({
      clientAddress: `${RELAY_UPSTREAM}/24`,
      files: { "data/machines/core-01.json": { name: "core-01", macs: [RESERVED_MAC], address: "10.79.0.11" } },
      settings: (settings) => ({
        ...settings,
        networks: [
          ...settings.networks,
          {
            name: "rack",
            subnet: "10.79.0.0/24",
            serverAddress: "10.77.0.1",
            relayed: true,
            pool: { first: "10.79.0.100", last: "10.79.0.199" },
            router: RELAY_DOWNSTREAM,
            domain: "rack.test",
            leaseSeconds: 600,
          },
        ],
      }),
    });
    const { inClient, inServer } = lab.network;
    behind = await attachHost(lab, inClient, { device: "down0", address: `${RELAY_DOWNSTREAM}/24` });
    await runOrThrow(inClient(["sysctl", "-q", "-w", "net.ipv4.ip_forward=1"]));
    await runOrThrow(inServer(["ip", "route", "add", "10.79.0.0/24", "via", RELAY_UPSTREAM]));
    return async () => lab[Symbol.asyncDispose]();
  });

  test("dhcrelay's clients get their network's addresses, its information comes back last, and no copy of a renewal is NAKed", async () => {
    const mac = "52:54:00:77:03:02";
    await setMac(behind, mac);
    const capture = await captureDhcp(lab, lab.network.inServer, "lan0");
    await using relay = await startRelay();

    await using client = startDhclient(behind, { name: "relayed", configuration: "supersede dhcp-renewal-time 3;" });
    const lease = takenLease(await client.record("BOUND"));
    expect(lease).toMatchObject({
      address: expect.stringMatching(/^10\.79\.0\.1\d\d$/),
      router: RELAY_DOWNSTREAM,
      domain: "rack.test",
    });
    expect(await relayedReplies(capture, mac)).toEqual({ kinds: ["ack", "offer"], withoutInformation: 0 });

    await runOrThrow(behind.network.inClient(["ip", "route", "add", "default", "via", RELAY_DOWNSTREAM]));
    expect(takenLease(await client.record("RENEW"))).toEqual(lease);
    // ISC's relay forwards the renewal too, which it sees pass: once as of either link.
    const renewals = () => capture.seen().filter(({ message }) => message.ciaddr !== "0.0.0.0" && isRequest(message));
    await expect.poll(() => new Set(renewals().map(({ message }) => message.giaddr)).size, PATIENCE).toBeGreaterThan(1);
    const acknowledged = () => lab.server.events.filter((event) => event["mac"] === mac && event["type"] === "ack");
    await expect.poll(() => acknowledged().length - renewals().length, PATIENCE).toBe(1);
    expect(new Set(acknowledged().map((event) => event["address"]))).toEqual(new Set([lease.address]));
    expect(lab.server.events.filter((event) => event["type"] === "nak")).toEqual([]);
    expect(await relayedReplies(capture, mac)).toMatchObject({ withoutInformation: 0 });
    expect(relay.output()).not.toContain("Discarding");
  });

  test("a reservation behind dhcrelay is given, and what dhclient had elsewhere is NAKed by way of the relay", async () => {
    await setMac(behind, RESERVED_MAC);
    await using relay = await startRelay();
    const leases = `lease {
  interface "eth0";
  fixed-address 10.77.0.150;
  option subnet-mask 255.255.255.0;
  option dhcp-server-identifier 10.77.0.1;
  renew 5 2037/01/02 00:00:00;
  rebind 5 2037/01/02 00:00:00;
  expire 5 2037/01/02 00:00:00;
}
`;
    await using client = startDhclient(behind, { name: "moved", leases });
    expect(takenLease(await client.record("BOUND"))).toMatchObject({ address: "10.79.0.11", hostName: "core-01" });
    expect(client.output()).toContain("DHCPNAK");
    expect(relay.output()).toContain(`Forwarded BOOTREQUEST for ${RESERVED_MAC} to 10.77.0.1`);
  });

  test("udhcpc behind dnsmasq's relay gets and renews an address of its network", async () => {
    await setMac(behind, "52:54:00:77:03:04");
    // All of root, or it is no longer told that its parent has died.
    const argv = [
      "--keep-in-foreground",
      "--conf-file=/dev/null",
      "--port=0",
      "--user=root",
      "--group=root",
      "--log-facility=-",
    ];
    const relaying = `--dhcp-relay=${RELAY_DOWNSTREAM},10.77.0.1`;
    const command = lab.network.inClient(["dnsmasq", ...argv, "--pid-file", relaying]);
    await using relay = await startProgram(lab, command, "DHCP relay");
    await using client = startUdhcpc(behind, { name: "dnsmasq-relayed" });
    const lease = takenLease(await client.record("bound"));
    expect(lease).toMatchObject({ address: expect.stringMatching(/^10\.79\.0\.1\d\d$/), router: RELAY_DOWNSTREAM });
    client.signal("SIGUSR1");
    expect(takenLease(await client.record("renew"))).toEqual(lease);
    expect(relay.output()).not.toContain("failed");
  });

  test("the link that a relay names decides, not the relay's own address (RFC 3527), and it may stand in for the server (RFC 5107)", async () => {
    const relay = await lab.udp.open(67);
    const information = relayInfoOption([
      ipv4Option(5, parseIpv4("10.79.0.0")),
      ipv4Option(11, parseIpv4(RELAY_DOWNSTREAM)),
    ]);
    const ask = async (message: Dhcp4Message) => {
      const answered = relay.next(({ bytes }) => decodeDhcp4(bytes).xid === message.xid);
      relay.send(encodeDhcp4(message), 67, "10.77.0.1");
      return decodeDhcp4((await answered)?.bytes ?? new Uint8Array());
    };
    const common = { mac: "52:54:00:77:03:05", giaddr: RELAY_UPSTREAM, options: [information] };
    const offer = await ask(clientMessage("discover", { ...common, header: { xid: 1 } }));
    expect(offer.yiaddr).toMatch(/^10\.79\.0\.1\d\d$/);
    expect(readIpv4Option(offer, OPTION.serverId)).toBe(RELAY_DOWNSTREAM);
    const taking = { ...common, requested: offer.yiaddr, serverId: RELAY_DOWNSTREAM, header: { xid: 2 } };
    const ack = await ask(clientMessage("request", taking));
    expect([messageType(ack), ack.yiaddr, findOption(ack, OPTION.relayInfo)]).toEqual([
      "ack",
      offer.yiaddr,
      information.data,
    ]);
  });

  test("a relay of a network that is not ours is not answered", async () => {
    const relay = await lab.udp.open(67);
    const discover = clientMessage("discover", { giaddr: "10.80.0.254", mac: "52:54:00:77:03:06" });
    relay.send(encodeDhcp4(discover), 67, "10.77.0.1");
    const ignored = await lab.server.waitForEvent((event) => event["mac"] === "52:54:00:77:03:06");
    expect(ignored).toMatchObject({ event: "dhcp.ignored", reason: "unknown-subnet" });
  });
});

/** ISC's relay, which adds its information to what it forwards (`-a`). */
function startRelay(): Promise<LabProgram> {
  const argv = ["-4", "-d", "-a", "--no-pid", "-id", "down0", "-iu", "eth0", "10.77.0.1"];
  return startProgram(lab, lab.network.inClient([labTool("dhcrelay"), ...argv]), "Sending on   Socket");
}

function isRequest(message: Dhcp4Message): boolean {
  return messageType(message) === "request";
}

/** What the server sent to the relay for this client, and how many of the replies lack what they should end with. */
async function relayedReplies(capture: DhcpCapture, mac: string) {
  const replies = () =>
    capture
      .seen()
      .map(({ message }) => message)
      .filter(({ op, giaddr, chaddr }) => op === "reply" && giaddr !== "0.0.0.0" && macOf(chaddr) === mac);
  await expect.poll(() => replies().length, PATIENCE).toBeGreaterThan(1);
  return {
    kinds: [...new Set(replies().map(replyKind))].toSorted((a, b) => a.localeCompare(b)),
    withoutInformation: replies().filter(({ options }) => options.at(-1)?.code !== OPTION.relayInfo).length,
  };
}

function macOf(chaddr: Uint8Array): string {
  return macFromBytes(chaddr.subarray(0, 6));
}
