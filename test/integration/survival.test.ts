import { CLIENT_INTERFACE, createLab, LAB_SERVER_ADDRESS, type Lab, labNeeds, runOrThrow } from "@railhead/testkit";
import { decodeTftp, encodeTftp } from "@railhead/wire";
import { beforeAll, describe, expect, test } from "vitest";
import { allCapturedDhcp, allCapturedTftp } from "./captures.ts";
import { suspiciousEvents } from "./known-events.ts";
import { brokenDatagram } from "./mutations.ts";
import { setMac, startUdhcpc, takenLease } from "./operating-system-clients.ts";
import { randomBytes, runSeed, seededRandom } from "./random.ts";
import { fetchFile, PLAIN_CLIENTS, type TftpClient } from "./tftp-clients.ts";
import { openTransfer, transferPorts } from "./tftp-transfer.ts";

const needs = labNeeds("busybox", "curl", "nft");
const DATAGRAMS = 10_000;
/** So few at a time that the kernel's buffer holds them: each must reach the server. */
const BATCH = 100;
const MOST_MEMORY_MIB = 300;
const RESERVED_MAC = "52:54:00:77:00:01";
const BOOT_FILE = randomBytes(seededRandom(1), 200_000);
const LARGE_FILE = randomBytes(seededRandom(2), 8_000_000);

let lab: Lab;
let seed: number;

async function openLab(): Promise<() => Promise<void>> {
  lab = await createLab({
    clientAddress: "10.77.0.250/24",
    files: {
      "data/machines/core-01.json": { name: "core-01", macs: [RESERVED_MAC], address: "10.77.0.11", role: "manager" },
      "tftp/undionly.kpxe": BOOT_FILE,
      "tftp/snponly.efi": BOOT_FILE,
      "tftp/ipxe.efi": BOOT_FILE,
      "tftp/large.bin": LARGE_FILE,
    },
    // All nonsense comes from the address of the clients that are to be served nevertheless.
    settings: (settings) => ({ ...settings, tftp: { ...settings.tftp, maxTransfersPerClient: 1000 } }),
  });
  seed = runSeed("survival");
  return async () => lab[Symbol.asyncDispose]();
}

function clientNamed(name: string): TftpClient {
  const client = PLAIN_CLIENTS.find((each) => each.name === name);
  if (client === undefined) throw new Error(`no client ${name}`);
  return client;
}

describe.skipIf(needs.skip)(`a server that hears nonsense${needs.note}`, () => {
  beforeAll(openLab);

  test(`answers a client after ${DATAGRAMS} broken datagrams on port 67`, async () => {
    const random = seededRandom(seed);
    const corpus = allCapturedDhcp();
    const port = await lab.udp.open(68);
    const heard = () => lab.server.events.filter(({ event }) => event.startsWith("dhcp.")).length;
    for (let sent = 0; sent < DATAGRAMS; sent += BATCH) {
      for (let count = 0; count < BATCH; count += 1) {
        port.send(brokenDatagram(random, corpus), 67, random(2) === 0 ? "255.255.255.255" : LAB_SERVER_ADDRESS);
      }
      await port.flush();
      // One event for each datagram: nothing is dropped in silence, nothing is left hanging.
      await expect.poll(heard, { timeout: 10_000, interval: 5 }).toBeGreaterThanOrEqual(sent + BATCH);
    }
    expect(suspiciousEvents(lab.server.events)).toEqual([]);
    expect(lab.server.residentMiB()).toBeLessThan(MOST_MEMORY_MIB);

    await setMac(lab, RESERVED_MAC);
    await using client = startUdhcpc(lab, { name: "after-nonsense" });
    expect(takenLease(await client.record("bound"))).toMatchObject({ address: "10.77.0.11", hostName: "core-01" });
  });

  test(`sends a file as it is after ${DATAGRAMS} broken datagrams on port 69`, async () => {
    await lab.giveClientAddress("10.77.0.250/24");
    const random = seededRandom(seed + 1);
    const corpus = [...allCapturedTftp(), ...["undionly.kpxe", "snponly.efi"].map((fileName) => rrq(fileName))];
    const ports = await Promise.all(Array.from({ length: 16 }, () => lab.udp.open()));
    for (let sent = 0; sent < DATAGRAMS; sent += BATCH) {
      for (let count = 0; count < BATCH; count += 1) {
        ports[random(ports.length)]?.send(brokenDatagram(random, corpus), 69, LAB_SERVER_ADDRESS);
      }
      await Promise.all(ports.map((port) => port.flush()));
      expect(await isRefused("missing.bin")).toBe(true);
    }
    expect(suspiciousEvents(lab.server.events)).toEqual([]);
    expect(lab.server.residentMiB()).toBeLessThan(MOST_MEMORY_MIB);
    expect((await fetchFile(lab, clientNamed("curl"), "snponly.efi")).content?.equals(BOOT_FILE)).toBe(true);
  });

  test("ends a transfer intact whatever others send to its port, and answers them with ERROR 5 (RFC 1350 section 4)", async () => {
    const random = seededRandom(seed + 2);
    const transfer = await openTransfer(lab, "undionly.kpxe");
    const stranger = await lab.udp.open();
    const answered = stranger.next(() => true);
    const nonsense = [
      new Uint8Array(0),
      Uint8Array.of(0),
      Uint8Array.of(0, 4),
      rrq("snponly.efi"),
      ...allCapturedTftp(),
    ];
    while (!transfer.done()) {
      for (let count = 0; count < 4; count += 1) {
        stranger.send(brokenDatagram(random, nonsense), transfer.serverPort, LAB_SERVER_ADDRESS);
      }
      await stranger.flush();
      await transfer.step();
    }
    expect(transfer.content().equals(BOOT_FILE)).toBe(true);
    expect(decodeTftp((await answered)?.bytes ?? new Uint8Array())).toMatchObject({ kind: "error", code: 5 });
  });

  test("ends a transfer intact although its own client sends nonsense between the ACKs", async () => {
    const random = seededRandom(seed + 3);
    const transfer = await openTransfer(lab, "undionly.kpxe");
    while (!transfer.done()) {
      const length = random(40);
      // Opcodes 7 and up are nobody's; those of TFTP itself would mean something.
      transfer.port.send(
        Buffer.concat([Uint8Array.of(0, 7 + random(200)), randomBytes(random, length)]).subarray(0, length),
        transfer.serverPort,
        LAB_SERVER_ADDRESS,
      );
      await transfer.step();
    }
    expect(transfer.content().equals(BOOT_FILE)).toBe(true);
  });

  test("ends a transfer intact although a stranger sends to its port whom no answer can reach", async () => {
    // Nobody has a route to that address, so that each answer fails.
    await runOrThrow(lab.network.inClient(["ip", "addr", "add", "10.99.0.9/32", "dev", CLIENT_INTERFACE]));
    const stranger = await lab.udp.open(0, "10.99.0.9");
    const transfer = await openTransfer(lab, "undionly.kpxe");
    while (!transfer.done()) {
      stranger.send(encodeTftp({ kind: "ack", block: 1 }), transfer.serverPort, LAB_SERVER_ADDRESS);
      await stranger.flush();
      await transfer.step();
    }
    expect(transfer.content().equals(BOOT_FILE)).toBe(true);
  });

  test("ends a real client's transfer intact although its port is flooded all the while", async () => {
    const stranger = await lab.udp.open();
    const flooded = new Set<number>();
    const progress = { ended: false };
    const fetching = fetchFile(lab, clientNamed("busybox tftp"), "large.bin").finally(() => {
      progress.ended = true;
    });
    while (!progress.ended) {
      for (const port of await transferPorts(lab)) {
        flooded.add(port);
        for (const datagram of [new Uint8Array(0), Uint8Array.of(0), encodeTftp({ kind: "ack", block: 1 })]) {
          stranger.send(datagram, port, LAB_SERVER_ADDRESS);
        }
      }
      await stranger.flush();
    }
    expect((await fetching).content?.equals(LARGE_FILE)).toBe(true);
    expect(flooded.size).toBeGreaterThan(0);
  });

  test("stands datagrams from port 0, which no answer can be sent to", async () => {
    const stranger = await lab.udp.open();
    const rules = `add table ip forge
add chain ip forge out { type filter hook output priority 0; }
add rule ip forge out udp sport ${stranger.port} udp sport set 0
`;
    await runOrThrow(lab.network.inClient(["nft", "-f", "-"]), { input: rules });
    const transfer = await openTransfer(lab, "undionly.kpxe");
    for (const datagram of [rrq("undionly.kpxe"), rrq("missing.bin"), wrq("x"), new Uint8Array(4)]) {
      for (const port of [67, 69, transfer.serverPort]) stranger.send(datagram, port, LAB_SERVER_ADDRESS);
    }
    await stranger.flush();
    while (!transfer.done()) await transfer.step();
    expect(transfer.content().equals(BOOT_FILE)).toBe(true);
    expect(suspiciousEvents(lab.server.events)).toEqual([]);
    expect((await lab.http("/healthz")).status).toBe(200);
  });

  test("has said nothing on standard error in all that, and has not grown", () => {
    expect(lab.server.stderr()).toBe("");
    expect(lab.server.residentMiB()).toBeLessThan(MOST_MEMORY_MIB);
  });
});

async function isRefused(fileName: string): Promise<boolean> {
  const port = await lab.udp.open();
  const answered = port.next(() => true);
  port.send(rrq(fileName), 69, LAB_SERVER_ADDRESS);
  const datagram = await answered;
  return datagram !== undefined && decodeTftp(datagram.bytes).kind === "error";
}

function rrq(fileName: string): Uint8Array {
  return encodeTftp({ kind: "rrq", fileName, mode: "octet", options: [] });
}

function wrq(fileName: string): Uint8Array {
  return encodeTftp({ kind: "wrq", fileName, mode: "octet", options: [] });
}
