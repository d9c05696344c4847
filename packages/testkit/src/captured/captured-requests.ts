import { readdirSync, readFileSync } from "node:fs";
import { type Dhcp4Message, decodeDhcp4, describeDhcp4 } from "@railhead/wire";

/** A DHCP message that a real client sent, as it was captured. */
export interface CapturedRequest {
  /** The capture's name and the packet's place in it, from 0. */
  readonly capture: string;
  readonly index: number;
  /** `address:port -> address:port`, or what a packet made by hand stands for. */
  readonly title: string;
  readonly port: 67 | 4011;
  readonly message: Dhcp4Message;
}

interface Packet {
  readonly name?: string;
  readonly from?: string;
  readonly to?: string;
  readonly payload: string;
}

const FOLDER = new URL("../../../wire/testdata/captures/", import.meta.url);
/** What a relay heard on its clients' link; the server hears the same in `relay-serverside`. */
const NOT_FOR_A_SERVER: readonly string[] = ["relay-clientside"];

/** Every capture in which a client asked a DHCP server something. */
export function requestCaptures(): readonly string[] {
  return readdirSync(FOLDER)
    .filter((file) => file.endsWith(".json"))
    .map((file) => file.slice(0, -".json".length))
    .filter((name) => !NOT_FOR_A_SERVER.includes(name) && capturedRequests(name).length > 0)
    .toSorted((a, b) => a.localeCompare(b));
}

/** What the clients of a capture sent, without what was only sent again. */
export function capturedRequests(capture: string): readonly CapturedRequest[] {
  const text = readFileSync(new URL(`${capture}.json`, FOLDER), "utf8");
  const { dhcp = [] } = JSON.parse(text) as { readonly dhcp?: readonly Packet[] };
  const known = new Set<string>();
  return dhcp.flatMap((packet, index) => {
    const message = decodeDhcp4(new Uint8Array(Buffer.from(packet.payload, "hex")));
    const said = describeDhcp4({ ...message, xid: 0, secs: 0 });
    if (message.op !== "request" || known.has(said)) return [];
    known.add(said);
    const title = packet.name ?? `${packet.from} -> ${packet.to}`;
    return [{ capture, index, title, port: title.includes("4011") ? 4011 : 67, message }];
  });
}
