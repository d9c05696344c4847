import { type Ipv4Address, type MacAddress, parseIpv4, parseMac, parseSubnet } from "@railhead/wire";
import { describe, expect, test } from "vitest";
import type { Binding } from "../dhcp/binding.ts";
import { buildInventory } from "../inventory/inventory.ts";
import type { Machine } from "../inventory/machine.ts";
import { answerName, type NameAnswer, type NameFacts } from "./answer-name.ts";
import { HostNameIndex, hostLabel } from "./host-name-index.ts";

const NOW = 1_800_000_000_000;
const MAC = {
  core: parseMac("52:54:00:77:00:01"),
  coreSecond: parseMac("52:54:00:77:00:02"),
  edge: parseMac("52:54:00:77:00:03"),
  guest: parseMac("52:54:00:88:00:01"),
  other: parseMac("52:54:00:88:00:02"),
};

const MACHINES: readonly Machine[] = [
  { name: "core-01", macs: [MAC.core, MAC.coreSecond], address: parseIpv4("10.77.0.11"), boot: "network", labels: {} },
  { name: "edge-01", macs: [MAC.edge], boot: "network", labels: {} },
  { name: "idle-01", macs: [parseMac("52:54:00:77:00:04")], boot: "network", labels: {} },
];

const NETWORKS = [
  { subnet: parseSubnet("10.77.0.0/24"), domain: "Lab.test" },
  { subnet: parseSubnet("10.78.16.0/20"), domain: "racks.lab.test" },
  { subnet: parseSubnet("10.79.0.128/25"), domain: "deep.below.racks.lab.test" },
  { subnet: parseSubnet("10.80.0.0/24") },
];

interface Lease {
  readonly address: string;
  readonly mac: MacAddress;
  readonly hostName?: string;
  readonly seconds?: number;
  readonly state?: Binding["state"];
}

const LEASES: readonly Lease[] = [
  { address: "10.77.0.100", mac: MAC.edge, hostName: "edge-01" },
  { address: "10.77.0.101", mac: MAC.guest, hostName: "Guest.their.home" },
  { address: "10.78.16.5", mac: MAC.coreSecond, hostName: "core-01", seconds: 5 },
];

function answer(name: string, type = "A", leases: readonly Lease[] = LEASES): NameAnswer {
  const bindings = leases.map(
    ({ address, mac, hostName, seconds = 600, state = "leased" }): Binding => ({
      address: parseIpv4(address),
      mac,
      state,
      expiresAt: NOW + seconds * 1000,
      ...(hostName === undefined ? {} : { hostName }),
    }),
  );
  const index = new HostNameIndex();
  for (const binding of bindings) index.apply(binding);
  const { inventory } = buildInventory({
    machines: MACHINES.map((machine) => ({ file: `${machine.name}.json`, machine })),
    groups: [],
    profiles: [],
    ignitionFiles: new Set(),
  });
  const facts: NameFacts = {
    networks: NETWORKS,
    inventory,
    ttlSeconds: 60,
    now: NOW,
    bindings: {
      ofMac: (mac) => bindings.filter((binding) => binding.mac === mac),
      ofAddress: (address) => bindings.find((binding) => binding.address === address),
      ofLabel: (label) => index.addressesOf(label),
    },
  };
  return answerName({ name, type }, facts);
}

const a = (address: string, ttlSeconds = 60) => ({
  kind: "records",
  records: [{ type: "A", ttlSeconds, address: address as Ipv4Address }],
});
const ptr = (target: string, ttlSeconds = 60) => ({ kind: "records", records: [{ type: "PTR", ttlSeconds, target }] });
const noData = (zone: string) => ({ kind: "no-data", zone });
const noName = (zone: string) => ({ kind: "no-such-name", zone });
const authority = (zone: string) => ({ kind: "authority", zone });
const elsewhere = { kind: "elsewhere" };

describe("what is said about a name", () => {
  test.each<readonly [string, string, object]>([
    // Declared machines.
    ["core-01.lab.test", "A", a("10.77.0.11")],
    ["CORE-01.LAB.Test", "A", a("10.77.0.11")],
    ["core-01.lab.test", "ANY", a("10.77.0.11")],
    ["core-01.lab.test", "AAAA", noData("lab.test")],
    ["core-01.lab.test", "UNKNOWN_65", noData("lab.test")],
    ["core-01.racks.lab.test", "A", a("10.78.16.5", 5)], // its second card, on the other network, for as long as its lease
    ["edge-01.lab.test", "A", a("10.77.0.100")],
    ["idle-01.lab.test", "A", noData("lab.test")], // it is there, without an address
    ["idle-01.lab.test", "ANY", noData("lab.test")],
    // Leases.
    ["guest.lab.test", "A", a("10.77.0.101")],
    ["guest.lab.test", "AAAA", noData("lab.test")],
    ["guest.racks.lab.test", "A", noName("racks.lab.test")], // on another network
    ["nobody.lab.test", "A", noName("lab.test")],
    ["nobody.lab.test", "SOA", noName("lab.test")],
    ["below.core-01.lab.test", "A", noName("lab.test")],
    // The domains themselves.
    ["lab.test", "SOA", authority("lab.test")],
    ["lab.test", "ANY", authority("lab.test")],
    ["lab.test", "A", noData("lab.test")],
    ["racks.lab.test", "SOA", authority("racks.lab.test")],
    ["below.racks.lab.test", "SOA", noData("racks.lab.test")], // a domain of ours lies below it (RFC 8020)
    // Bare names.
    ["core-01", "A", { kind: "records", records: [...a("10.77.0.11").records, ...a("10.78.16.5", 5).records] }],
    ["core-01", "AAAA", { kind: "no-data" }],
    ["core-01", "NS", elsewhere],
    ["guest", "A", elsewhere], // what a client calls itself is no word of ours
    // Addresses.
    ["11.0.77.10.in-addr.arpa", "PTR", ptr("core-01.lab.test")],
    ["11.0.77.10.IN-ADDR.arpa", "ANY", ptr("core-01.lab.test")],
    ["11.0.77.10.in-addr.arpa", "A", noData("0.77.10.in-addr.arpa")],
    ["101.0.77.10.in-addr.arpa", "PTR", ptr("guest.lab.test")],
    ["100.0.77.10.in-addr.arpa", "PTR", ptr("edge-01.lab.test")],
    ["5.16.78.10.in-addr.arpa", "PTR", ptr("core-01.racks.lab.test", 5)],
    ["12.0.77.10.in-addr.arpa", "PTR", noName("0.77.10.in-addr.arpa")],
    ["1.31.78.10.in-addr.arpa", "PTR", noName("31.78.10.in-addr.arpa")],
    ["1.32.78.10.in-addr.arpa", "PTR", elsewhere],
    ["129.0.79.10.in-addr.arpa", "SOA", authority("129.0.79.10.in-addr.arpa")],
    ["127.0.79.10.in-addr.arpa", "PTR", elsewhere], // the other half of the /24 is somebody else's
    ["0.77.10.in-addr.arpa", "SOA", authority("0.77.10.in-addr.arpa")],
    ["0.77.10.in-addr.arpa", "PTR", noData("0.77.10.in-addr.arpa")],
    ["77.10.in-addr.arpa", "PTR", elsewhere],
    ["in-addr.arpa", "NS", elsewhere],
    ["011.0.77.10.in-addr.arpa", "PTR", noName("0.77.10.in-addr.arpa")],
    ["256.0.77.10.in-addr.arpa", "PTR", noName("0.77.10.in-addr.arpa")],
    ["1.11.0.77.10.in-addr.arpa", "PTR", noName("0.77.10.in-addr.arpa")],
    ["x.0.77.10.in-addr.arpa", "PTR", noName("0.77.10.in-addr.arpa")],
    // All the rest.
    ["example.org", "A", elsewhere],
    ["notlab.test", "A", elsewhere],
    ["test", "A", elsewhere],
    ["", "NS", elsewhere],
  ])("%s %s", (name, type, expected) => {
    expect(answer(name, type)).toEqual(expected);
  });

  test("an address without a domain has a bare name", () => {
    const leases = [{ address: "10.80.0.9", mac: MAC.guest, hostName: "guest" }];
    expect(answer("9.0.80.10.in-addr.arpa", "PTR", leases)).toEqual(ptr("guest"));
  });
});

describe("a lease's name", () => {
  const guest = { address: "10.77.0.101", mac: MAC.guest, hostName: "guest" };

  test.each<readonly [string, readonly Lease[], object]>([
    ["ends with the lease", [{ ...guest, seconds: 0 }], noName("lab.test")],
    ["ends when it is given back", [{ ...guest, state: "released" }], noName("lab.test")],
    ["begins with the lease, not with its offer", [{ ...guest, state: "offered" }], noName("lab.test")],
    [
      "is the latest lease's where two call themselves the same",
      [guest, { ...guest, address: "10.77.0.102", mac: MAC.other, seconds: 700 }],
      a("10.77.0.102"),
    ],
  ])("%s", (_what, leases, expected) => {
    expect(answer("guest.lab.test", "A", leases)).toEqual(expected);
  });

  test("cannot be a declared machine's, whatever the client calls itself", () => {
    const thief = [{ address: "10.77.0.150", mac: MAC.other, hostName: "idle-01" }];
    expect(answer("idle-01.lab.test", "A", thief)).toEqual(noData("lab.test"));
    expect(answer("150.0.77.10.in-addr.arpa", "PTR", thief)).toEqual(noName("0.77.10.in-addr.arpa"));
  });

  test("is no longer found when the address has been leased under another", () => {
    const index = new HostNameIndex();
    const address = parseIpv4("10.77.0.101");
    index.apply({ address, hostName: "old" });
    index.apply({ address, hostName: "new" });
    expect([index.addressesOf("old"), index.addressesOf("new")]).toEqual([[], [address]]);
    index.apply({ address });
    expect(index.addressesOf("new")).toEqual([]);
  });

  test.each([
    ["Guest", "guest"],
    ["guest.their.home", "guest"],
    ["my phone", undefined],
    ["-x", undefined],
    ["x".repeat(64), undefined],
    ["", undefined],
    ["bücher", undefined],
    ["WPAD", undefined],
    ["localhost", undefined],
  ])("%j is published as %j", (hostName, label) => {
    expect(hostLabel(hostName)).toBe(label);
  });
});
