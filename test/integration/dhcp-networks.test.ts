import { join } from "node:path";
import { fileURLToPath } from "node:url";
import {
  createLab,
  type Lab,
  type LabServer,
  type LabSettings,
  labNeeds,
  runOrThrow,
  serveCommand,
  startLabServer,
} from "@railhead/testkit";
import { beforeAll, describe, expect, test } from "vitest";
import { attachHost, type ClientSide } from "./lab-host.ts";
import { setMac, startDhclient, startUdhcpc, takenLease } from "./operating-system-clients.ts";

const needs = labNeeds("busybox", "curl", "dhclient", "perl");
const LAUNCHER = fileURLToPath(new URL("./fixtures/pass-sockets.pl", import.meta.url));
const TWO_CARDS = ["52:54:00:77:06:01", "52:54:00:77:06:02"];

let lab: Lab;
/** On the second link, which the server has at `lan1`. */
let second: ClientSide;

/** The configuration as it was written. */
let written: ReturnType<typeof twoNetworks>;

function twoNetworks(settings: LabSettings) {
  const rack = {
    name: "rack",
    subnet: "10.78.0.0/24",
    serverAddress: "10.78.0.1",
    pool: { first: "10.78.0.100", last: "10.78.0.199" },
    router: "10.78.0.1",
    domain: "rack.test",
    leaseSeconds: 600,
  };
  return {
    ...settings,
    http: { address: "0.0.0.0", port: 8080 },
    networks: [...settings.networks, rack],
  };
}

async function openLab(): Promise<() => Promise<void>> {
  lab = await createLab({
    start: false,
    settings: (settings) => {
      written = twoNetworks(settings);
      return written;
    },
    files: { "data/machines/core-01.json": { name: "core-01", macs: TWO_CARDS, address: "10.78.0.11" } },
  });
  second = await attachHost(lab, lab.network.inServer, { device: "lan1", address: "10.78.0.1/24" });
  return async () => lab[Symbol.asyncDispose]();
}

/** What a dhclient remembers that was on the other link before. */
function leaseFile(address: string, server: string): string {
  return `lease {
  interface "eth0";
  fixed-address ${address};
  option subnet-mask 255.255.255.0;
  option dhcp-server-identifier ${server};
  renew 5 2037/01/02 00:00:00;
  rebind 5 2037/01/02 00:00:00;
  expire 5 2037/01/02 00:00:00;
}
`;
}

const FIRST = { address: expect.stringMatching(/^10\.77\.0\.1\d\d$/), router: "10.77.0.1", domain: "lab.test" };
const SECOND = { address: expect.stringMatching(/^10\.78\.0\.1\d\d$/), router: "10.78.0.1", domain: "rack.test" };

/** Both clients at once, so that each could take what is meant for the other. */
async function leasesOnBothLinks(name: string) {
  await setMac(lab, "52:54:00:77:06:11");
  await setMac(second, "52:54:00:77:06:12");
  await using onFirst = startUdhcpc(lab, { name: `${name}-first` });
  await using onSecond = startUdhcpc(second, { name: `${name}-second` });
  return [takenLease(await onFirst.record("bound")), takenLease(await onSecond.record("bound"))];
}

describe.skipIf(needs.skip)(`two networks on one server, whose sockets cannot tell the link${needs.note}`, () => {
  beforeAll(async () => {
    const close = await openLab();
    await lab.startServer();
    return close;
  });

  test("a client on either link gets that link's address, server and configuration", async () => {
    expect(await leasesOnBothLinks("unbound")).toEqual([
      expect.objectContaining(FIRST),
      expect.objectContaining(SECOND),
    ]);
  });

  test("a machine has its reservation on the link that it is for, and on the other one an address of the pool", async () => {
    await setMac(second, TWO_CARDS[0] ?? "");
    await using reserved = startUdhcpc(second, { name: "unbound-reserved" });
    expect(takenLease(await reserved.record("bound"))).toMatchObject({ address: "10.78.0.11", hostName: "core-01" });
    await setMac(lab, TWO_CARDS[1] ?? "");
    await using other = startUdhcpc(lab, { name: "unbound-other-card" });
    expect(takenLease(await other.record("bound"))).toMatchObject({ ...FIRST, hostName: "core-01" });
  });

  test("a client that comes from the other link gets a lease of this one, though nobody could tell it no", async () => {
    await setMac(second, "52:54:00:77:06:13");
    const leases = leaseFile("10.77.0.160", "10.77.0.1");
    const configuration = "reboot 2;";
    await using moved = startDhclient(second, { name: "unbound-moved", leases, configuration });
    expect(takenLease(await moved.record("BOUND"))).toMatchObject(SECOND);
  });

  test("scripts are served at the server's address on the client's own link", async () => {
    for (const [side, address] of [
      [lab, "10.77.0"],
      [second, "10.78.0"],
    ] as const) {
      const give = ["ip", "addr", "replace", `${address}.250/24`, "dev", "eth0"] as const;
      await runOrThrow(side.network.inClient(give));
      const fetch = ["curl", "--silent", "--max-time", "10", `http://${address}.1:8080/boot.ipxe`] as const;
      expect(await runOrThrow(side.network.inClient(fetch))).toContain("#!ipxe");
    }
  });
});

describe.skipIf(needs.skip)(
  `two networks with a socket of each link, as a service manager passes them${needs.note}`,
  () => {
    let server: LabServer;
    beforeAll(async () => {
      const close = await openLab();
      const command = serveCommand(join(lab.directory, "railhead.yaml"));
      const launched = ["perl", LAUNCHER, "lab=lan0", "rack=lan1", "--", ...command] as const;
      server = lab.adopt(startLabServer(lab.network.inServer(launched)));
      await server.waitForEvent(({ event }) => event === "server.ready");
      return close;
    });

    test("a client on either link gets that link's address, and only one offer is made", async () => {
      expect(await leasesOnBothLinks("passed")).toEqual([
        expect.objectContaining(FIRST),
        expect.objectContaining(SECOND),
      ]);
      const offersTo = (mac: string) =>
        server.events
          .filter((event) => event["mac"] === mac && event["type"] === "offer")
          .map((event) => event["address"]);
      expect([offersTo("52:54:00:77:06:11"), offersTo("52:54:00:77:06:12")]).toEqual([
        [FIRST.address],
        [SECOND.address],
      ]);
    });

    test("a client that comes from the other link is told no at once", async () => {
      await setMac(second, "52:54:00:77:06:14");
      const leases = leaseFile("10.77.0.160", "10.77.0.1");
      await using moved = startDhclient(second, { name: "passed-moved", leases });
      expect(takenLease(await moved.record("BOUND"))).toMatchObject(SECOND);
      expect(moved.output()).toContain("DHCPNAK");
    });

    test("udhcpc renews by unicast", async () => {
      await setMac(second, "52:54:00:77:06:15");
      await using client = startUdhcpc(second, { name: "passed-renew" });
      const lease = takenLease(await client.record("bound"));
      client.signal("SIGUSR1");
      expect(takenLease(await client.record("renew"))).toEqual(lease);
    });

    test("the sockets outlive a reload that adds a network", async () => {
      const from = server.events.length;
      const third = { name: "far", subnet: "10.80.0.0/24", serverAddress: "10.77.0.1", relayed: true };
      lab.replaceFile("railhead.yaml", { ...written, networks: [...written.networks, third] });
      server.signal("SIGHUP");
      expect(await server.waitForEvent(({ event }) => event.startsWith("settings."), { from })).toMatchObject({
        event: "settings.reloaded",
      });
      expect(await leasesOnBothLinks("reloaded")).toEqual([
        expect.objectContaining(FIRST),
        expect.objectContaining(SECOND),
      ]);
    });
  },
);
