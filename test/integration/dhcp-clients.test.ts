import { createLab, type Lab, labNeeds } from "@railhead/testkit";
import { beforeAll, describe, expect, test } from "vitest";
import type { ClientSide } from "./lab-host.ts";
import {
  type ClientPlan,
  type ClientRecord,
  type RunningClient,
  setMac,
  startDhclient,
  startDhcpcd,
  startNetworkd,
  takenLease,
} from "./operating-system-clients.ts";
import { runPerfdhcp } from "./perfdhcp.ts";

const needs = labNeeds("dhclient", "dhcpcd", "dhcping", "networkd", "nmap", "perfdhcp");
const CORE_MAC = "52:54:00:77:00:01";

let lab: Lab;

async function openLab(): Promise<() => Promise<void>> {
  lab = await createLab({
    files: { "data/machines/core-01.json": { name: "core-01", macs: [CORE_MAC], address: "10.77.0.11" } },
    settings: (settings) => ({
      ...settings,
      networks: settings.networks.map((network) => ({
        ...network,
        ntp: ["10.77.0.4", "10.77.0.5"],
        searchDomains: ["lab.test", "rack.lab.test"],
        routes: [{ destination: "10.90.0.0/16", router: "10.77.0.9" }],
        rapidCommit: true,
      })),
    }),
  });
  return async () => lab[Symbol.asyncDispose]();
}

type Start = (side: ClientSide, plan: ClientPlan) => RunningClient;

/** Clients that ask for all that the network has to tell, and what each calls it. */
const CLIENTS: readonly (readonly [name: string, start: Start, event: string, configuration: string])[] = [
  [
    "dhclient",
    startDhclient,
    "BOUND",
    `option rfc3442-classless-static-routes code 121 = array of unsigned integer 8;
also request domain-search, ntp-servers, rfc3442-classless-static-routes;`,
  ],
  ["dhcpcd", startDhcpcd, "BOUND", "option domain_search, ntp_servers, classless_static_routes"],
  ["systemd-networkd", startNetworkd, "configured", "UseDomains=yes\nUseRoutes=yes"],
];

describe.skipIf(needs.skip)(`what operating systems make of a lease${needs.note}`, () => {
  beforeAll(openLab);

  test.each(CLIENTS)(
    "%s takes its reservation, its name and the network's servers",
    async (...[name, start, event]) => {
      await setMac(lab, CORE_MAC);
      await using client = start(lab, { name: `${name}-reserved` });
      expect(takenLease(await client.record(event))).toEqual({
        address: "10.77.0.11",
        mask: "255.255.255.0",
        router: "10.77.0.1",
        dns: "10.77.0.2 10.77.0.3",
        hostName: "core-01",
        domain: "lab.test",
        leaseSeconds: 600,
      });
    },
  );

  test.each(CLIENTS)(
    "%s takes time servers, search domains and routes (options 42, 119, 121)",
    async (name, start, event, configuration) => {
      await setMac(lab, "52:54:00:77:02:01");
      await using client = start(lab, { name: `${name}-options`, configuration });
      expect(extrasOf(await client.record(event))).toEqual({
        ntp: "10.77.0.4 10.77.0.5",
        search: "lab.test rack.lab.test",
        // The default route is among them: a client that takes them ignores option 3 (RFC 3442).
        routes: "0.0.0.0/0 10.77.0.1 10.90.0.0/16 10.77.0.9",
      });
    },
  );

  test("dhcpcd gets its lease in two messages when it asks for that (RFC 4039)", async () => {
    const mac = "52:54:00:77:02:02";
    await setMac(lab, mac);
    await using client = startDhcpcd(lab, { name: "dhcpcd-rapid", configuration: "option rapid_commit" });
    const { address } = takenLease(await client.record("BOUND"));
    expect(client.output()).not.toContain("REQUEST");
    const acknowledged = await lab.server.waitForEvent((event) => event["mac"] === mac && event["type"] === "ack");
    expect(acknowledged["address"]).toBe(address);
    expect(lab.server.events.filter((event) => event["mac"] === mac).map((event) => event["type"])).toEqual(["ack"]);
  });

  test("systemd-networkd gives its address back when it ends, and gets it again", async () => {
    const mac = "52:54:00:77:02:03";
    await setMac(lab, mac);
    let first: string | undefined;
    {
      await using client = startNetworkd(lab, { name: "networkd-release", configuration: "SendRelease=yes" });
      first = takenLease(await client.record("configured")).address;
      client.signal("SIGTERM");
      await lab.server.waitForEvent((event) => event["mac"] === mac && event["state"] === "released");
    }
    await using again = startNetworkd(lab, { name: "networkd-again" });
    expect(takenLease(await again.record("configured")).address).toBe(first);
  });

  test("dhcping gets an answer to REQUEST and INFORM, and gives back what it was given", async () => {
    const mac = "52:54:00:77:02:04";
    await setMac(lab, mac);
    await lab.giveClientAddress("10.77.0.180/24");
    for (const mode of [[], ["-i"]]) {
      const ping = await lab.run(["dhcping", ...mode, "-c", "10.77.0.180", "-s", "10.77.0.1", "-h", mac, "-t", "5"]);
      expect([ping.code, ping.stdout.toString().trim()]).toEqual([0, "Got answer from: 10.77.0.1"]);
    }
    await lab.server.waitForEvent((event) => event["mac"] === mac && event["state"] === "released");
  });

  test("nmap's broadcast-dhcp-discover and dhcp-discover read every option as it was meant", async () => {
    await setMac(lab, "52:54:00:77:02:05");
    await lab.giveClientAddress("10.77.0.250/24");
    const script = ["--script", "broadcast-dhcp-discover", "--script-args", "broadcast-dhcp-discover.timeout=2"];
    const broadcast = await lab.run(["nmap", ...script, "-e", "eth0"]);
    const common = {
      "Server Identifier": "10.77.0.1",
      "Subnet Mask": "255.255.255.0",
      Router: "10.77.0.1",
      "Domain Name Server": "10.77.0.2, 10.77.0.3",
      "Domain Name": "lab.test",
      "Broadcast Address": "10.77.0.255",
      "NTP Servers": "10.77.0.4, 10.77.0.5",
    };
    expect(nmapFacts(broadcast.stdout)).toMatchObject({
      ...common,
      "DHCP Message Type": "DHCPOFFER",
      "IP Offered": expect.stringMatching(/^10\.77\.0\.1\d\d$/),
      "IP Address Lease Time": "10m00s",
      "Renewal Time Value": "5m00s",
      "Rebinding Time Value": "8m45s",
    });
    const inform = await lab.run(["nmap", "-n", "-Pn", "-sU", "-p", "67", "--script", "dhcp-discover", "10.77.0.1"]);
    const told = nmapFacts(inform.stdout);
    expect(told).toMatchObject({ ...common, "DHCP Message Type": "DHCPACK" });
    expect(told).not.toHaveProperty("IP Address Lease Time");
  });
});

describe.skipIf(needs.skip)(`perfdhcp${needs.note}`, () => {
  beforeAll(async () => {
    lab = await createLab({
      clientAddress: "10.77.0.250/16",
      settings: (settings) => ({
        ...settings,
        networks: settings.networks.map((network) => ({
          ...network,
          subnet: "10.77.0.0/16",
          pool: { first: "10.77.1.0", last: "10.77.8.255" },
        })),
      }),
    });
    return async () => lab[Symbol.asyncDispose]();
  });

  test("has 1,000 clients served at a modest rate: no drop, no address twice", async () => {
    const report = await runPerfdhcp(lab, { clients: 1000, perSecond: 250 });
    expect(report).toEqual({
      discover: { sent: 1000, received: 1000, drops: 0, rejected: 0, twice: 0 },
      request: { sent: 1000, received: 1000, drops: 0, rejected: 0, twice: 0 },
    });
    const unhappy = lab.server.events.filter(({ event }) => event.startsWith("dhcp.") && event !== "dhcp.reply");
    expect(unhappy).toEqual([]);
  });
});

/** Time servers, search domains and routes, in the same words for all clients. */
function extrasOf({ variables: v }: ClientRecord) {
  const octets = v["new_rfc3442_classless_static_routes"];
  return {
    ntp: v["new_ntp_servers"] ?? v["NTP"],
    search: (v["new_domain_search"] ?? v["DOMAIN_SEARCH_LIST"])?.replaceAll(/\.(?= |$)/g, ""),
    routes:
      octets === undefined
        ? (v["new_classless_static_routes"] ?? v["CLASSLESS_ROUTES"]?.replaceAll(",", " "))
        : routesOfOctets(octets.split(" ").map(Number)),
  };
}

/** dhclient hands on the bytes of option 121 (RFC 3442). */
function routesOfOctets(octets: readonly number[]): string {
  const routes: string[] = [];
  for (let at = 0; at < octets.length; ) {
    const width = octets[at] ?? 0;
    const significant = Math.ceil(width / 8);
    const network = [...octets.slice(at + 1, at + 1 + significant), 0, 0, 0, 0].slice(0, 4);
    const router = octets.slice(at + 1 + significant, at + 5 + significant);
    routes.push(`${network.join(".")}/${width} ${router.join(".")}`);
    at += 5 + significant;
  }
  return routes.join(" ");
}

/** `|   Name: value` */
function nmapFacts(stdout: Buffer): Readonly<Record<string, string>> {
  const lines = [...stdout.toString().matchAll(/^\|[ _]+([A-Za-z ]+): (.+?)\s*$/gm)];
  return Object.fromEntries(lines.map(([, name = "", value = ""]) => [name, value]));
}
