import {
  CLIENT_INTERFACE,
  clientMessage,
  createLab,
  type DhcpClient,
  type Lab,
  type LabOptions,
  labNeeds,
  openDhcpClient,
  replyKind,
  runOrThrow,
  SERVER_INTERFACE,
} from "@railhead/testkit";
import {
  bytesOption,
  decodeDhcp4,
  encodeDhcp4,
  fieldText,
  ipv4Option,
  macToBytes,
  messageTypeOption,
  OPTION,
  parseIpv4,
  parseMac,
  readIpv4Option,
  readTextOption,
} from "@railhead/wire";
import { beforeAll, describe, expect, test } from "vitest";
import { capturedDhcp } from "./captures.ts";
import {
  type ClientPlan,
  type RunningClient,
  setMac,
  startDhclient,
  startUdhcpc,
  takenLease,
} from "./operating-system-clients.ts";

const needs = labNeeds("busybox", "dhclient");

/** Made anew for each group, so that no group finds another's leases. */
let lab: Lab;

const RESERVED_MAC = "52:54:00:77:00:01";
const FILES = {
  "data/machines/core-01.json": { name: "core-01", macs: [RESERVED_MAC], address: "10.77.0.11", role: "manager" },
};
const NETWORK = {
  mask: "255.255.255.0",
  router: "10.77.0.1",
  dns: "10.77.0.2 10.77.0.3",
  domain: "lab.test",
  leaseSeconds: 600,
};

async function openLab(options: LabOptions = {}): Promise<() => Promise<void>> {
  lab = await createLab({ files: FILES, ...options });
  return async () => lab[Symbol.asyncDispose]();
}

const CLIENTS: readonly (readonly [string, (lab: Lab, plan: ClientPlan) => RunningClient])[] = [
  ["udhcpc", startUdhcpc],
  ["dhclient", startDhclient],
];
const BOUND = ["bound", "BOUND"];

describe.skipIf(needs.skip)(`the DHCP clients of operating systems${needs.note}`, () => {
  beforeAll(() => openLab());

  test.each(CLIENTS)(
    "%s gets its reservation with the network's configuration and the machine's name",
    async (name, start) => {
      await setMac(lab, RESERVED_MAC);
      await using client = start(lab, { name: `${name}-reserved` });
      expect(takenLease(await client.record(...BOUND))).toEqual({
        ...NETWORK,
        address: "10.77.0.11",
        hostName: "core-01",
      });
    },
  );

  test.each(CLIENTS)("%s gets an address of the pool when nobody has declared it, and no name", async (name, start) => {
    await setMac(lab, name === "udhcpc" ? "52:54:00:77:01:01" : "52:54:00:77:01:02");
    await using client = start(lab, { name: `${name}-pool` });
    const lease = takenLease(await client.record(...BOUND));
    expect(lease).toEqual({ ...NETWORK, address: expect.stringMatching(/^10\.77\.0\.1\d\d$/), hostName: undefined });
  });

  test("a machine keeps its address through udhcpc, dhclient and udhcpc again, whose client identifiers differ (R18)", async () => {
    await setMac(lab, "52:54:00:77:01:03");
    const addresses: (string | undefined)[] = [];
    for (const [round, [name, start]] of [...CLIENTS, ...CLIENTS].entries()) {
      await using client = start(lab, { name: `${name}-again-${round}` });
      addresses.push(takenLease(await client.record(...BOUND)).address);
    }
    expect(new Set(addresses).size).toBe(1);
  });

  test("udhcpc renews by unicast and keeps its address; what it releases it gets again (RFC 2131 section 4.3.1)", async () => {
    const mac = "52:54:00:77:01:04";
    await setMac(lab, mac);
    await using client = startUdhcpc(lab, { name: "udhcpc-renew" });
    const first = takenLease(await client.record("bound"));
    client.signal("SIGUSR1");
    expect(takenLease(await client.record("renew"))).toEqual(first);
    expect(client.output()).toMatch(/sending renew to (server )?10\.77\.0\.1/);
    client.signal("SIGUSR2");
    await lab.server.waitForEvent(
      (event) => event.event === "dhcp.recorded" && event["mac"] === mac && event["state"] === "released",
    );
    client.signal("SIGUSR1"); // to ask anew, from the beginning
    const acknowledged = () => lab.server.events.filter((event) => event["mac"] === mac && event["type"] === "ack");
    await expect.poll(() => acknowledged().length, { timeout: 10_000 }).toBe(3);
    expect(new Set(acknowledged().map((event) => event["address"]))).toEqual(new Set([first.address]));
  });

  test("dhclient renews by unicast before the lease ends, and gives it back when told to", async () => {
    const mac = "52:54:00:77:01:05";
    await setMac(lab, mac);
    const name = "dhclient-renew";
    {
      await using client = startDhclient(lab, { name, configuration: "supersede dhcp-renewal-time 3;" });
      const first = takenLease(await client.record("BOUND"));
      expect(takenLease(await client.record("RENEW"))).toEqual(first);
      expect(client.output()).toMatch(/DHCPREQUEST .* to 10\.77\.0\.1 port 67/);
    }
    await using release = startDhclient(lab, { name, options: ["-r"] });
    await lab.server.waitForEvent(
      (event) => event.event === "dhcp.recorded" && event["mac"] === mac && event["state"] === "released",
    );
    await release.record("RELEASE");
  });

  test("dhclient that starts again asks for its former address at once and gets it (INIT-REBOOT)", async () => {
    await setMac(lab, "52:54:00:77:01:06");
    const name = "dhclient-reboot";
    let first: unknown;
    {
      await using client = startDhclient(lab, { name });
      first = takenLease(await client.record("BOUND"));
    }
    await using again = startDhclient(lab, { name });
    expect(takenLease(await again.record("REBOOT"))).toEqual(first);
    expect(again.output()).not.toContain("DHCPDISCOVER");
  });

  test("dhclient that comes from another network gets a NAK, and then a fresh lease", async () => {
    await setMac(lab, "52:54:00:77:01:07");
    const leases = `lease {
  interface "${CLIENT_INTERFACE}";
  fixed-address 10.99.0.5;
  option subnet-mask 255.255.255.0;
  option dhcp-lease-time 864000;
  option dhcp-message-type 5;
  option dhcp-server-identifier 10.99.0.1;
  renew 5 2037/01/02 00:00:00;
  rebind 5 2037/01/02 00:00:00;
  expire 5 2037/01/02 00:00:00;
}
`;
    await using client = startDhclient(lab, { name: "dhclient-roaming", leases });
    const fresh = takenLease(await client.record("BOUND"));
    expect(client.output()).toMatch(/DHCPNAK from 10\.77\.0\.1/);
    expect(fresh.address).toMatch(/^10\.77\.0\.1\d\d$/);
  });

  test("udhcpc -a declines an address that another host answers for; it is quarantined, the client gets another", async () => {
    const mac = "52:54:00:77:01:08";
    const taken = "10.77.0.150";
    await runOrThrow(lab.network.inServer(["ip", "addr", "add", `${taken}/32`, "dev", SERVER_INTERFACE]));
    await setMac(lab, mac);
    {
      await using client = startUdhcpc(lab, { name: "udhcpc-decline", options: ["-r", taken, "-a500"] });
      expect(takenLease(await client.record("bound")).address).not.toBe(taken);
    }
    const recorded = { event: "dhcp.recorded", state: "declined", mac, address: taken };
    expect(lab.server.events).toContainEqual(expect.objectContaining(recorded));

    await setMac(lab, "52:54:00:77:01:09");
    await using other = startUdhcpc(lab, { name: "udhcpc-after-decline", options: ["-r", taken] });
    expect(takenLease(await other.record("bound")).address).not.toBe(taken);
  });
});

const SCRIPT = "http://10.77.0.1:8080/boot.ipxe";

describe.skipIf(needs.skip)(`firmware, as it was captured${needs.note}`, () => {
  let clients: DhcpClient;
  beforeAll(async () => {
    const close = await openLab({ clientAddress: "10.77.0.250/24" });
    clients = await openDhcpClient(lab.udp);
    return close;
  });

  test.each<readonly [string, string, number, string]>([
    ["a PXE 2.1 ROM on BIOS", "synthetic", 0, "undionly.kpxe"],
    ["a ROM without a machine identifier", "synthetic", 3, "undionly.kpxe"],
    ["OVMF, 64-bit UEFI", "uefi-pxe-ovmf", 0, "snponly.efi"],
    ["firmware that lists several architectures", "synthetic", 9, "snponly.efi"],
    ["QEMU's iPXE ROM on BIOS", "bios-ipxe-virtio", 0, SCRIPT],
    ["a current iPXE ROM on BIOS", "bios-ipxe-git2026-rom", 0, SCRIPT],
    ["iPXE as a UEFI option ROM", "uefi-ipxe-efirom-virtio", 0, SCRIPT],
    ["undionly.kpxe, once it runs", "bios-ipxe-tftp-chain-undionly", 6, SCRIPT],
    ["snponly.efi, once it runs, broadcast flag and all", "uefi-pxe-ipxe2026-noautoexec", 4, SCRIPT],
    ["an iPXE known by option 175 alone", "synthetic", 7, SCRIPT],
    ["an iPXE with a user class as RFC 3004 has it", "synthetic", 8, SCRIPT],
    ["UEFI HTTP boot", "uefi-http-ovmf", 0, "http://10.77.0.1:8080/boot/snponly.efi"],
    ["dhclient", "client-dhclient", 0, ""],
    ["systemd-networkd", "client-networkd", 0, ""],
  ])("%s is sent the right way (R1 R2 R3 R7)", async (_who, capture, index, file) => {
    const mac = newMac();
    const offer = await clients.exchange(fromMac(capturedDhcp(capture, index), mac));
    expect(replyKind(offer)).toBe("offer");
    expect(factsOf(offer)).toEqual({
      file,
      bootFile: file === "" ? undefined : file,
      nextServer: file === "" ? "0.0.0.0" : "10.77.0.1",
      serverId: "10.77.0.1",
      mask: "255.255.255.0",
    });
  });

  test.each([
    ["a PXE 2.1 ROM on BIOS", "synthetic", 0, "undionly.kpxe"],
    ["OVMF", "uefi-pxe-ovmf", 0, "snponly.efi"],
    ["iPXE", "bios-ipxe-virtio", 0, SCRIPT],
  ])("%s that takes the offer is told the same again", async (_who, capture, index, file) => {
    const discover = fromMac(capturedDhcp(capture, index), newMac());
    const offer = await clients.exchange(discover);
    const ack = await clients.exchange(requestFor(discover, offer?.yiaddr ?? ""));
    expect(replyKind(ack)).toBe("ack");
    expect([ack?.yiaddr, factsOf(ack)]).toEqual([offer?.yiaddr, factsOf(offer)]);
    expect(factsOf(ack)).toMatchObject({ file });
  });

  test("one machine keeps its address from its firmware through iPXE to its operating system (R18)", async () => {
    const mac = newMac();
    const addresses: (string | undefined)[] = [];
    for (const [capture, index] of [
      ["uefi-pxe-ovmf", 0],
      ["uefi-pxe-ovmf", 4],
      ["client-networkd", 0],
    ] as const) {
      const discover = fromMac(capturedDhcp(capture, index), mac);
      const offer = await clients.exchange(discover);
      addresses.push((await clients.exchange(requestFor(discover, offer?.yiaddr ?? "")))?.yiaddr);
    }
    expect(addresses).toEqual([expect.stringMatching(/^10\.77\.0\.1\d\d$/), addresses[0], addresses[0]]);
  });

  test("a REQUEST that takes another server's offer is left alone, never NAKed (R13)", async () => {
    const discover = clientMessage("request", { mac: newMac(), requested: "10.77.0.160", serverId: "10.77.0.66" });
    expect(replyKind(await clients.exchange(discover, 1000))).toBe("no reply");
    await lab.server.waitForEvent((event) => event["reason"] === "another-server-selected");
  });

  test("a relay gets the answer on its own port, with its information back as the last option (RFC 3046)", async () => {
    const relay = await lab.udp.open(67);
    const information = bytesOption(OPTION.relayInfo, Uint8Array.of(1, 4, 0xde, 0xad, 0xbe, 0xef));
    const discover = decodeDhcp4(fromMac(capturedDhcp("uefi-pxe-ovmf", 0), newMac()));
    const relayed = {
      ...discover,
      hops: 1,
      giaddr: parseIpv4("10.77.0.250"),
      options: [...discover.options, information],
    };
    const answered = relay.next(({ address }) => address === "10.77.0.1");
    relay.send(encodeDhcp4(relayed), 67, "10.77.0.1");
    const { bytes } = (await answered) ?? { bytes: new Uint8Array() };
    const offer = decodeDhcp4(bytes);
    expect([replyKind(offer), offer.options.at(-1)]).toEqual(["offer", information]);
  });
});

let macs = 0;

function newMac(): string {
  macs += 1;
  return `52:54:00:88:00:${macs.toString(16).padStart(2, "0")}`;
}

/** The captured bytes as another machine would have sent them: its MAC in `chaddr` and in the client identifier. */
function fromMac(datagram: Uint8Array, mac: string): Uint8Array {
  const former = Buffer.from(datagram.subarray(28, 34));
  const changed = Buffer.from(datagram);
  for (let at = changed.indexOf(former); at !== -1; at = changed.indexOf(former, at + 6)) {
    changed.set(macToBytes(parseMac(mac)), at);
  }
  changed.writeUInt32BE(0x10000000 + macs, 4); // xid
  return new Uint8Array(changed);
}

/** The REQUEST of the same client for an address it was offered: the same options, but what RFC 2131 table 5 changes. */
function requestFor(discover: Uint8Array, address: string): Uint8Array {
  const message = decodeDhcp4(discover);
  const own: readonly number[] = [OPTION.messageType, OPTION.requestedAddress, OPTION.serverId];
  const taking = [
    messageTypeOption("request"),
    ipv4Option(OPTION.requestedAddress, parseIpv4(address)),
    ipv4Option(OPTION.serverId, parseIpv4("10.77.0.1")),
  ];
  return encodeDhcp4({
    ...message,
    options: [...taking, ...message.options.filter(({ code }) => !own.includes(code))],
  });
}

function factsOf(reply: Awaited<ReturnType<DhcpClient["exchange"]>>) {
  if (reply === undefined) return undefined;
  return {
    file: fieldText(reply.file),
    bootFile: readTextOption(reply, OPTION.bootFile),
    nextServer: reply.siaddr,
    serverId: readIpv4Option(reply, OPTION.serverId),
    mask: readIpv4Option(reply, OPTION.subnetMask),
  };
}
