import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { Argv, Lab } from "@railhead/testkit";
import { type Dhcp4Message, decodeDhcp4 } from "@railhead/wire";
import { startProgram } from "./lab-program.ts";

/** A DHCP message as it passed an interface. */
export interface SeenDhcp {
  /** `address:port` */
  readonly from: string;
  readonly to: string;
  readonly message: Dhcp4Message;
}

export interface DhcpCapture {
  /** What has passed so far. */
  seen(): readonly SeenDhcp[];
}

const FILE_HEADER = 24;
const PACKET_HEADER = 16;
const ETHERNET_HEADER = 14;
const UDP_HEADER = 8;

/** Has tcpdump write down every DHCP message on an interface, from when this resolves until the lab ends. */
export async function captureDhcp(lab: Lab, enter: (argv: Argv) => Argv, device: string): Promise<DhcpCapture> {
  const file = join(lab.directory, `capture-${device}.pcap`);
  const filter = ["udp", "and", "(", "port", "67", "or", "port", "4011", ")"];
  // As root to its end: who gives that up is no longer told that its parent has died.
  const options = ["--immediate-mode", "-U", "-n", "-Z", "root", "-i", device, "-w", file];
  await startProgram(lab, enter(["tcpdump", ...options, ...filter]), "listening on");
  return { seen: () => readCapture(readFileSync(file)) };
}

/** Whole packets only: the last may still be on its way to the file. */
function readCapture(file: Buffer): readonly SeenDhcp[] {
  const seen: SeenDhcp[] = [];
  for (let at = FILE_HEADER; at + PACKET_HEADER <= file.length; ) {
    const length = file.readUInt32LE(at + 8);
    const frame = file.subarray(at + PACKET_HEADER, at + PACKET_HEADER + length);
    if (frame.length === length) seen.push(readFrame(frame));
    at += PACKET_HEADER + length;
  }
  return seen;
}

function readFrame(frame: Buffer): SeenDhcp {
  const ip = frame.subarray(ETHERNET_HEADER);
  const udp = ip.subarray(((ip[0] ?? 0) & 0x0f) * 4);
  return {
    from: `${ip.subarray(12, 16).join(".")}:${udp.readUInt16BE(0)}`,
    to: `${ip.subarray(16, 20).join(".")}:${udp.readUInt16BE(2)}`,
    message: decodeDhcp4(new Uint8Array(udp.subarray(UDP_HEADER, udp.readUInt16BE(4)))),
  };
}
