import { readdirSync, readFileSync } from "node:fs";

const FOLDER = new URL("../../packages/wire/testdata/captures/", import.meta.url);

interface Packet {
  /** The port the packet went to stands after the colon. */
  readonly to?: string;
  readonly payload: string;
}
interface Capture {
  readonly dhcp: readonly Packet[];
  readonly tftp: readonly Packet[];
}

/** The DHCP message of a capture, as it was on the wire. */
export function capturedDhcp(name: string, index: number): Uint8Array {
  const packet = load(name).dhcp[index];
  if (packet === undefined) throw new Error(`the capture ${name} has no DHCP packet ${index}`);
  return bytesOf(packet);
}

/** Every DHCP message that was ever captured. */
export function allCapturedDhcp(): readonly Uint8Array[] {
  return names().flatMap((name) => load(name).dhcp.map(bytesOf));
}

/** Every TFTP packet that was ever captured; of DATA only the header. */
export function allCapturedTftp(): readonly Uint8Array[] {
  return names().flatMap((name) => load(name).tftp.map(bytesOf));
}

function names(): readonly string[] {
  return readdirSync(FOLDER)
    .filter((file) => file.endsWith(".json"))
    .map((file) => file.slice(0, -".json".length))
    .toSorted();
}

function load(name: string): Capture {
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- our own test data
  return JSON.parse(readFileSync(new URL(`${name}.json`, FOLDER), "utf8")) as Capture;
}

function bytesOf({ payload }: Packet): Uint8Array {
  return new Uint8Array(Buffer.from(payload, "hex"));
}
