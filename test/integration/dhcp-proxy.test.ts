import { createLab, type Lab, labNeeds, runOrThrow, startUdpPorts, type UdpPorts } from "@railhead/testkit";
import {
  type Dhcp4Message,
  decodeDhcp4,
  fieldText,
  findOption,
  messageType,
  OPTION,
  readIpv4Option,
  readTextOption,
} from "@railhead/wire";
import { beforeAll, describe, expect, test } from "vitest";
import { capturedDhcp } from "./captures.ts";
import { attachHost, type ClientSide, makeSwitch } from "./lab-host.ts";
import { startProgram } from "./lab-program.ts";
import { setMac, startDhclient, startDhcpcd, startUdhcpc, takenLease } from "./operating-system-clients.ts";

const needs = labNeeds("busybox", "dhclient", "dhcpcd", "dnsmasq");
const OURS = "10.77.0.1";
const THEIRS = "10.77.0.2";
const SCRIPT = "http://10.77.0.1:8080/boot.ipxe";

/** Its client side is the switch; on it are this server, dnsmasq's and a client's host. */
let lab: Lab;
let client: ClientSide;
let udp: UdpPorts;

describe.skipIf(needs.skip)(`proxy mode beside dnsmasq's DHCP server${needs.note}`, () => {
  beforeAll(async () => {
    lab = await createLab({
      settings: (settings) => ({
        ...settings,
        networks: settings.networks.map(({ pool: _pool, ...network }) => ({ ...network, mode: "proxy" })),
      }),
    });
    await makeSwitch(lab);
    const { inClient } = lab.network;
    const other = await attachHost(lab, inClient, { device: "port1", bridge: "br0", hostAddress: `${THEIRS}/24` });
    client = await attachHost(lab, inClient, { device: "port2", bridge: "br0" });
    // All of root, or it is no longer told that its parent has died.
    const argv = [
      "--keep-in-foreground",
      "--conf-file=/dev/null",
      "--port=0",
      "--user=root",
      "--group=root",
      "--log-facility=-",
    ];
    const leases = [
      "--dhcp-range=10.77.0.50,10.77.0.99,10m",
      "--dhcp-leasefile=/dev/null",
      "--dhcp-authoritative",
      "--no-ping",
    ];
    await startProgram(lab, other.network.inClient(["dnsmasq", ...argv, ...leases, "--pid-file"]), "DHCP, IP range");
    udp = lab.adopt(startUdpPorts(client.network.inClient));
    return async () => lab[Symbol.asyncDispose]();
  });

  test.each([
    ["udhcpc", startUdhcpc, "bound"],
    ["dhclient", startDhclient, "BOUND"],
    ["dhcpcd", startDhcpcd, "BOUND"],
  ] as const)("%s gets its lease from dnsmasq; this server does not meddle", async (name, start, event) => {
    const mac = `52:54:00:77:05:0${name.length}`;
    await setMac(client, mac);
    await using running = start(client, { name: `beside-${name}` });
    expect(takenLease(await running.record(event)).address).toMatch(/^10\.77\.0\.[5-9]\d$/);
    const reasons = () => lab.server.events.filter((each) => each["mac"] === mac).map((each) => each["reason"]);
    await expect
      .poll(() => new Set(reasons()), { timeout: 10_000 })
      .toEqual(new Set(["address-only", "address-is-anothers"]));
  });

  test.each([
    ["a PXE 2.1 ROM on BIOS", "synthetic", 0, "PXEClient", "undionly.kpxe"],
    ["a ROM without a machine identifier", "synthetic", 3, "PXEClient", "undionly.kpxe"],
    ["OVMF", "uefi-pxe-ovmf", 0, "PXEClient", "snponly.efi"],
    ["QEMU's iPXE ROM", "bios-ipxe-virtio", 0, "PXEClient", SCRIPT],
    ["iPXE as a UEFI option ROM", "uefi-ipxe-efirom-virtio", 0, "PXEClient", SCRIPT],
    ["UEFI HTTP boot", "uefi-http-ovmf", 0, "HTTPClient", "http://10.77.0.1:8080/boot/snponly.efi"],
  ])("R10: %s is told what to boot, and no address", async (_who, capture, index, vendorClass, file) => {
    const discover = capturedDhcp(capture, index);
    const offer = await answerTo(discover, 68, "255.255.255.255", 67);
    expect(factsOf(offer)).toEqual({
      type: "offer",
      address: "0.0.0.0",
      nextServer: OURS,
      serverId: OURS,
      vendorClass,
      discovery: vendorClass === "HTTPClient" ? undefined : "060108ff",
      file,
      bootFile: file,
    });
    // Byte for byte, or nothing where nothing was sent.
    expect(findOption(offer, OPTION.uuid)).toEqual(findOption(decodeDhcp4(discover), OPTION.uuid));
    expect(findOption(offer, OPTION.subnetMask)).toBeUndefined();
  });

  test.each([
    ["EDK2 asks from port 4011", "uefi-pxe-proxydhcp-simple", 5, 4011, "snponly.efi"],
    ["iPXE asks from port 68", "bios-ipxe-proxydhcp-menu", 5, 68, SCRIPT],
    ["a boot manager asks from a port of its own", "synthetic", 2, 34_567, "undionly.kpxe"],
  ])("R11, R12: port 4011 answers by unicast to where the request came from: %s", async (...row) => {
    const [, capture, index, from, file] = row;
    await setMac(client, "52:54:00:77:05:20");
    const request = decodeDhcp4(capturedDhcp(capture, index));
    await giveAddress(request.ciaddr);
    const ack = await answerTo(capturedDhcp(capture, index), from, OURS, 4011);
    expect(factsOf(ack)).toMatchObject({ type: "ack", nextServer: OURS, serverId: OURS, file, bootFile: file });
  });

  test("R12: what is asked of port 4011 about a boot item comes back with the answer", async () => {
    await setMac(client, "52:54:00:77:05:21");
    await giveAddress("10.77.0.100");
    const ack = await answerTo(capturedDhcp("synthetic", 2), 68, OURS, 4011);
    const vendor = Buffer.from(findOption(ack, OPTION.vendorSpecific) ?? []).toString("hex");
    expect(vendor).toBe("060108470480000000ff");
  });
});

describe.skipIf(needs.skip)(`proxy mode after a reload${needs.note}`, () => {
  test("answers on both ports as before", async () => {
    await using reloaded = await createLab({
      clientAddress: "10.77.0.117/24",
      settings: (settings) => ({
        ...settings,
        networks: settings.networks.map(({ pool: _pool, ...network }) => ({ ...network, mode: "proxy" })),
      }),
    });
    udp = reloaded.udp;
    reloaded.server.signal("SIGHUP");
    await reloaded.server.waitForEvent(({ event }) => event === "settings.reloaded");
    const offer = await answerTo(capturedDhcp("uefi-pxe-proxydhcp-simple", 0), 68, "255.255.255.255", 67);
    const ack = await answerTo(capturedDhcp("uefi-pxe-proxydhcp-simple", 5), 4011, OURS, 4011);
    expect([messageType(offer), messageType(ack)]).toEqual(["offer", "ack"]);
  });
});

/** Sends a captured message from a port of the client's host, and returns this server's answer to it. */
async function answerTo(datagram: Uint8Array, from: number, to: string, port: number): Promise<Dhcp4Message> {
  const socket = await udp.open(from);
  const { xid } = decodeDhcp4(datagram);
  const answered = socket.next(({ address, bytes }) => address === OURS && decodeDhcp4(bytes).xid === xid);
  socket.send(datagram, port, to);
  const answer = await answered;
  if (answer === undefined) throw new Error("no answer");
  return decodeDhcp4(answer.bytes);
}

async function giveAddress(address: string): Promise<void> {
  await runOrThrow(client.network.inClient(["ip", "addr", "add", `${address}/24`, "dev", "eth0"]));
}

function factsOf(reply: Dhcp4Message) {
  const vendor = findOption(reply, OPTION.vendorSpecific);
  return {
    type: messageType(reply),
    address: reply.yiaddr,
    nextServer: reply.siaddr,
    serverId: readIpv4Option(reply, OPTION.serverId),
    vendorClass: readTextOption(reply, OPTION.vendorClass),
    discovery: vendor === undefined ? undefined : Buffer.from(vendor).toString("hex"),
    file: fieldText(reply.file),
    bootFile: readTextOption(reply, OPTION.bootFile),
  };
}
