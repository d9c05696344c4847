import { rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import {
  clientMessage,
  createLab,
  type DhcpClient,
  type Lab,
  type LabServer,
  type LabSettings,
  labNeeds,
  openDhcpClient,
  replyKind,
  serveCommand,
  startLabServer,
} from "@railhead/testkit";
import { describe, expect, test } from "vitest";
import { suspiciousEvents } from "./known-events.ts";
import { applyLoad, askAgain, type LeaseLoad } from "./lease-load.ts";

const needs = labNeeds();
const LEASES = 10_000;
const CHECKED_OF_EACH_HALF = 300;
/** How long to wait for an answer; those that are not to come are few. */
const PATIENCE_MS = 3000;

function roomForMany(settings: LabSettings) {
  return {
    ...settings,
    networks: settings.networks.map((network) => ({
      ...network,
      subnet: "10.77.0.0/16",
      pool: { first: "10.77.1.0", last: "10.77.100.255" },
      leaseSeconds: 3600,
      // Nobody else is there, and looking for them is not what is tried here.
      conflictCheck: false,
    })),
  };
}

describe.skipIf(needs.skip)(`leases and the disk${needs.note}`, () => {
  test(`kill -9 in the middle of ${LEASES} leases: none is forgotten, none is given twice`, {
    timeout: 180_000,
  }, async () => {
    await using lab = await createLab({ clientAddress: "10.77.0.250/16", settings: roomForMany });
    const load = await openLoad(lab);
    let killed = false;
    const loading = applyLoad(load, () => killed);
    await expect.poll(() => load.promises.size, { timeout: 90_000 }).toBeGreaterThan(LEASES / 2);
    await lab.server.kill();
    killed = true;
    await loading;
    expect(suspiciousEvents(lab.server.events)).toEqual([]);
    const before = [...load.promises];

    await lab.startServer();
    await applyLoad(load, () => load.promises.size >= LEASES);
    expect(new Set(load.promises.values()).size).toBe(load.promises.size);
    const recent = [...load.promises].slice(-CHECKED_OF_EACH_HALF);
    expect(await broken(load, [...before.slice(-CHECKED_OF_EACH_HALF), ...recent])).toEqual([]);
    expect(suspiciousEvents(lab.server.events)).toEqual([]);
  });

  test("a disk that is full: nothing is acknowledged that is not recorded, the server stays up, says why, and heals", async () => {
    await using lab = await createLab({ start: false, clientAddress: "10.77.0.250/16", settings: roomForMany });
    const disk = join(lab.directory, "state");
    const server = await startOnSmallDisk(lab, disk);
    const { dhcp } = await openLoad(lab);
    const kept = [await lease(dhcp, 1)];

    const ballast = `/proc/${server.pid}/root${disk}/ballast`;
    fill(ballast);
    // What is left of the journal's last block takes a few more.
    let refused = 0;
    for (let client = 2; refused < 3; client += 1) {
      const answer = await lease(dhcp, client);
      if (answer === "no reply") refused += 1;
      else kept.push(answer);
    }
    expect(kept.length).toBeLessThan(100);
    const failed = await server.waitForEvent(({ event }) => event === "dhcp.failed");
    expect(failed).toMatchObject({ level: "error", error: expect.stringMatching(/no space|ENOSPC|room/i) });
    // What needs no disk is done as ever.
    const offer = await dhcp.exchange(clientMessage("discover", { mac: macOf(1), header: { xid: 77 } }));
    expect([replyKind(offer), offer?.yiaddr]).toEqual(["offer", kept[0]]);
    expect((await lab.http("/boot.ipxe")).status).toBe(200);

    rmSync(ballast);
    const healed = await Promise.all([501, 502, 503].map((client) => lease(dhcp, client)));
    expect(new Set([...kept, ...healed]).size).toBe(kept.length + 3);
    expect(healed).not.toContain("no reply");
  });
});

/** The server with a state directory on a file system of 512 KiB that nobody else sees. */
async function startOnSmallDisk(lab: Lab, disk: string): Promise<LabServer> {
  const mounted = ["sh", "-c", 'mount -t tmpfs -o size=512k,mode=0700 tmpfs "$0" && exec "$@"', disk];
  const command = serveCommand(join(lab.directory, "railhead.yaml"));
  const server = lab.adopt(startLabServer(lab.network.inServer(["unshare", "--mount", "--", ...mounted, ...command])));
  await server.waitForEvent(({ event }) => event === "server.ready");
  return server;
}

/** Takes up all the room there is. */
function fill(file: string): void {
  for (let size = 65_536; size >= 1; ) {
    try {
      writeFileSync(file, Buffer.alloc(size), { flag: "a" });
    } catch {
      size = Math.floor(size / 4);
    }
  }
}

async function openLoad(lab: Lab): Promise<LeaseLoad> {
  let clients = 0;
  let xid = 1000;
  return {
    dhcp: await openDhcpClient(lab.udp),
    promises: new Map(),
    nextMac: () => {
      clients += 1;
      return macOf(clients);
    },
    nextXid: () => {
      xid += 1;
      return xid;
    },
  };
}

/** DISCOVER and REQUEST; the address, or "no reply". */
async function lease(dhcp: DhcpClient, client: number): Promise<string> {
  const mac = macOf(client);
  const offer = await dhcp.exchange(clientMessage("discover", { mac, header: { xid: 10_000 + client } }), PATIENCE_MS);
  const taking = { mac, requested: offer?.yiaddr ?? "", serverId: "10.77.0.1", header: { xid: 20_000 + client } };
  const ack = await dhcp.exchange(clientMessage("request", taking), PATIENCE_MS);
  return replyKind(ack) === "ack" ? (ack?.yiaddr ?? "") : replyKind(ack);
}

/** Those that would be given to a stranger, or that the client does not get again. */
async function broken(load: LeaseLoad, promises: readonly (readonly [string, string])[]): Promise<readonly string[]> {
  const found: string[] = [];
  for (const [mac, address] of promises) {
    const toStranger = await askAgain(load, mac.replace("52:54:01", "52:54:02"), address);
    const toClient = await askAgain(load, mac, address);
    if (toStranger !== "nak 0.0.0.0" || toClient !== `ack ${address}`) found.push(`${mac} ${address}: ${toClient}`);
  }
  return found;
}

function macOf(client: number): string {
  const hex = client.toString(16).padStart(6, "0");
  return `52:54:01:${hex.slice(0, 2)}:${hex.slice(2, 4)}:${hex.slice(4)}`;
}
