import { readdirSync, readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import {
  architectureOf,
  type Dhcp4Message,
  decodeDhcp4,
  decodeTftp,
  describeDhcp4,
  describeTftp,
  encodeDhcp4,
  encodeTftp,
  messageType,
  readArchitectures,
  readIpxeFeatures,
  readMachineUuid,
  readUserClass,
} from "./index.ts";

const FOLDER = new URL("../testdata/captures/", import.meta.url);

interface Packet {
  readonly name?: string;
  readonly from?: string;
  readonly to?: string;
  readonly payload: string;
  /** Of a DATA packet, of which only the header was kept. */
  readonly length?: number;
}
interface Capture {
  readonly note: string;
  readonly dhcp: readonly Packet[];
  readonly tftp: readonly Packet[];
}

const NAMES = readdirSync(FOLDER)
  .filter((name) => name.endsWith(".json"))
  .map((name) => name.slice(0, -".json".length));

function load(name: string): Capture {
  return JSON.parse(readFileSync(new URL(`${name}.json`, FOLDER), "utf8")) as Capture;
}

function bytesOf(packet: Packet): Uint8Array {
  return new Uint8Array(Buffer.from(packet.payload, "hex"));
}

function title(packet: Packet, index: number): string {
  return `${index + 1}: ${packet.name ?? `${packet.from} -> ${packet.to}`}`;
}

function goldenOf(capture: Capture): string {
  const dhcp = capture.dhcp.map(
    (packet, index) => `--- DHCP ${title(packet, index)}\n${describeDhcp4(decodeDhcp4(bytesOf(packet)))}`,
  );
  const tftp = capture.tftp.map((packet, index) => {
    const said = describeTftp(decodeTftp(bytesOf(packet)));
    const size = packet.length === undefined ? "" : ` captured, ${packet.length - 4} on the wire`;
    return `--- TFTP ${title(packet, index)}\n${said}${size}\n`;
  });
  return [...dhcp, ...tftp].join("\n");
}

/** The option bytes up to END, of packets that have no PAD before it. */
function optionBytes(payload: Uint8Array): Uint8Array {
  let offset = 240;
  while (offset < payload.length && payload[offset] !== 255) offset += 2 + (payload[offset + 1] ?? 0);
  return payload.subarray(240, offset + 1);
}

describe.each(NAMES)("%s", (name) => {
  const capture = load(name);

  test("reads as its golden says", async () => {
    await expect(goldenOf(capture)).toMatchFileSnapshot(new URL(`${name}.txt`, FOLDER).pathname);
  });

  test("every DHCP message survives encoding", () => {
    for (const packet of capture.dhcp) {
      const message = decodeDhcp4(bytesOf(packet));
      expect(decodeDhcp4(encodeDhcp4(message))).toEqual(message);
    }
  });

  test("every DHCP message is encoded to the option bytes it had", () => {
    const differing = capture.dhcp.flatMap((packet, index) => {
      const payload = bytesOf(packet);
      const encoded = encodeDhcp4(decodeDhcp4(payload), { minSize: 0 });
      return Buffer.compare(optionBytes(encoded), optionBytes(payload)) === 0 ? [] : [title(packet, index)];
    });
    expect(differing).toEqual([]);
  });

  test("every TFTP packet is encoded to the bytes it had", () => {
    for (const packet of capture.tftp) {
      const payload = bytesOf(packet);
      expect(encodeTftp(decodeTftp(payload))).toEqual(payload);
    }
  });
});

/** One packet of each kind of firmware, and what a server must see in it. Written by hand, unlike the goldens. */
const SEEN: readonly (readonly [string, number, Facts])[] = [
  ["bios-ipxe-virtio", 0, ["discover", "0 bios", "iPXE", "11111111-2222-3333-4444-555555555501", "1.0.0"]],
  ["bios-ipxe-git2026-rom", 0, ["discover", "0 bios", "iPXE", "00112233-4455-6677-8899-aabbccddeeff", "2.0.0"]],
  ["uefi-pxe-ovmf", 0, ["discover", "7 uefi-x64", "", "11111111-2222-3333-4444-555555555503", undefined]],
  ["uefi-http-ovmf", 0, ["discover", "16 uefi-x64 http", "", "11111111-2222-3333-4444-555555555504", undefined]],
  ["client-udhcpc", 0, ["discover", "", "", undefined, undefined]],
  ["synthetic", 0, ["discover", "0 bios", "", "03000200-0400-0500-0006-000700080009", undefined]],
  ["synthetic", 3, ["discover", "0 bios", "", undefined, undefined]],
  ["synthetic", 6, ["discover", "41 rpiboot", "", "03000200-0400-0500-0006-000700080009", undefined]],
  ["synthetic", 7, ["discover", "0 bios", "", undefined, "1.0.0"]],
  ["synthetic", 8, ["discover", "7 uefi-x64", "iPXE", "03000200-0400-0500-0006-000700080009", undefined]],
  ["synthetic", 9, ["discover", "7 uefi-x64, 16 uefi-x64 http", "", undefined, undefined]],
];
type Facts = readonly [
  type: string,
  architectures: string,
  userClass: string,
  uuid: string | undefined,
  ipxe: string | undefined,
];

function factsOf(message: Dhcp4Message): Facts {
  const architectures = readArchitectures(message).map((id) => {
    const architecture = architectureOf(id);
    return `${id} ${architecture?.firmware}${architecture?.http === true ? " http" : ""}`;
  });
  return [
    messageType(message) ?? "",
    architectures.join(", "),
    readUserClass(message).join(", "),
    readMachineUuid(message),
    readIpxeFeatures(message)?.version,
  ];
}

test.each(SEEN)("%s, packet %i, is recognised", (name, index, facts) => {
  const packet = load(name).dhcp[index];
  expect(packet === undefined ? [] : factsOf(decodeDhcp4(bytesOf(packet)))).toEqual(facts);
});
