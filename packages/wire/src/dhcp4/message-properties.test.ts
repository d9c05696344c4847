import { readdirSync, readFileSync } from "node:fs";
import * as fc from "fast-check";
import { describe, expect, test, vi } from "vitest";
import { ipv4FromNumber } from "../address.ts";
import { DecodeError, EncodeError } from "../bytes.ts";
import { describeDhcp4 } from "../describe.ts";
import { readClasslessRoutes } from "./classless-routes.ts";
import { readClientId, readClientMac } from "./client-id.ts";
import { readDomainSearch } from "./domain-search.ts";
import { readIpxeFeatures } from "./ipxe-options.ts";
import { type Dhcp4Message, decodeDhcp4, encodeDhcp4 } from "./message.ts";
import { messageType, readParameterList, readTextOption } from "./options.ts";
import { readArchitectures, readMachineUuid, readNetworkInterface, readUserClass } from "./pxe-options.ts";
import { readRelayInfo } from "./relay-info.ts";
import { readVendorOptions } from "./vendor-options.ts";

// Seconds of computing on a busy machine are not a failure.
vi.setConfig({ testTimeout: 60_000 });

const CAPTURED: readonly Uint8Array[] = readdirSync(new URL("../../testdata/captures/", import.meta.url))
  .filter((name) => name.endsWith(".json"))
  .flatMap((name) => {
    const text = readFileSync(new URL(`../../testdata/captures/${name}`, import.meta.url), "utf8");
    const capture = JSON.parse(text) as { readonly dhcp: readonly { readonly payload: string }[] };
    return capture.dhcp.map(({ payload }) => new Uint8Array(Buffer.from(payload, "hex")));
  });

/** Ends the shrinking of a counterexample, which for messages of kilobytes takes minutes. */
const LIMITED = { interruptAfterTimeLimit: 10_000 };

/** A request without options. */
const BLANK = new Uint8Array(240);
BLANK.set([1, 1, 6]);
BLANK.set([99, 130, 83, 99], 236);

const bytesOf = (length: number) => fc.uint8Array({ minLength: length, maxLength: length, size: "max" });
const address = fc.integer({ min: 0, max: 0xffffffff }).map(ipv4FromNumber);
const code = fc.integer({ min: 1, max: 254 }).filter((value) => value !== 52);
const options = fc
  .uniqueArray(fc.record({ code, data: fc.uint8Array({ maxLength: 700, size: "max" }) }), {
    selector: (entry) => entry.code,
    maxLength: 12,
  })
  .map((entries) => entries.toSorted((a, b) => rank(a.code) - rank(b.code)));
const anyMessage: fc.Arbitrary<Dhcp4Message> = fc.record({
  op: fc.constantFrom("request", "reply"),
  hardwareType: fc.nat(255),
  hardwareLength: fc.nat(16),
  hops: fc.nat(255),
  xid: fc.integer({ min: 0, max: 0xffffffff }),
  secs: fc.nat(0xffff),
  broadcast: fc.boolean(),
  reservedFlags: fc.nat(0x7fff),
  ciaddr: address,
  yiaddr: address,
  siaddr: address,
  giaddr: address,
  chaddr: bytesOf(16),
  sname: bytesOf(64),
  file: bytesOf(128),
  options,
});

/** The encoder's order: 53, the others as given, 82. */
function rank(value: number): number {
  if (value === 53) return 0;
  return value === 82 ? 2 : 1;
}

/** A captured packet with bytes overwritten, cut off and added. */
const mutated = fc
  .record({
    packet: fc.constantFrom(...CAPTURED),
    edits: fc.array(fc.record({ at: fc.nat(700), value: fc.nat(255) }), { maxLength: 20, size: "max" }),
    keep: fc.nat(700),
    tail: fc.uint8Array({ maxLength: 100, size: "max" }),
    overload: fc.constantFrom([], [52, 1, 1], [52, 1, 2], [52, 1, 3]),
  })
  .map(({ packet, edits, keep, tail, overload }) => {
    const head = packet.slice(0, Math.max(keep, keep % 2 === 0 ? 241 : 0));
    for (const { at, value } of edits) head[at] = value;
    const bytes = new Uint8Array([...head, ...tail]);
    bytes.set(overload.slice(0, Math.max(0, bytes.length - 240)), Math.min(240, bytes.length));
    return bytes;
  });

const READERS: readonly ((decoded: Dhcp4Message) => unknown)[] = [
  messageType,
  readArchitectures,
  readUserClass,
  readMachineUuid,
  readNetworkInterface,
  readIpxeFeatures,
  readVendorOptions,
  readRelayInfo,
  readClientId,
  readClientMac,
  readDomainSearch,
  readClasslessRoutes,
  readParameterList,
  (decoded) => readTextOption(decoded, 60),
];

/** "decoded", or "refused" by a DecodeError; anything else is thrown on. */
function decodedOrRefused(decode: () => unknown): "decoded" | "refused" {
  try {
    decode();
  } catch (error) {
    if (error instanceof DecodeError) return "refused";
    throw error;
  }
  return "decoded";
}

function sizeOrErrorCode(any: Dhcp4Message, maxSize: number): number | string {
  try {
    return encodeDhcp4(any, { maxSize }).length;
  } catch (error) {
    return error instanceof EncodeError ? error.code : String(error);
  }
}

describe("for any message and any bytes", () => {
  test("decode gives back what encode was given", () => {
    fc.assert(
      fc.property(anyMessage, (any) => {
        expect(decodeDhcp4(encodeDhcp4(any))).toEqual(any);
      }),
      { ...LIMITED, numRuns: 300 },
    );
  });

  test("PAD bytes and padding change nothing of what is decoded", () => {
    fc.assert(
      fc.property(anyMessage, fc.array(fc.nat(255), { maxLength: 5 }), fc.nat(3000), (any, padAfter, minSize) => {
        expect(decodeDhcp4(encodeDhcp4(any, { padAfter, minSize }))).toEqual(any);
      }),
    );
  });

  test("the size is never over maxSize", () => {
    fc.assert(
      fc.property(anyMessage, fc.integer({ min: 240, max: 9000 }), (any, maxSize) => {
        const size = sizeOrErrorCode(any, maxSize);
        expect(size === "too-large" || (typeof size === "number" && size <= maxSize)).toBe(true);
      }),
    );
  });

  const anyBytes = fc.oneof(
    fc.uint8Array({ maxLength: 2000, size: "max" }),
    fc.uint8Array({ maxLength: 2000, size: "max" }).map((tail) => new Uint8Array([...BLANK, ...tail])),
    mutated,
  );

  test("bytes decode or raise DecodeError, and so does every reader", () => {
    fc.assert(
      fc.property(anyBytes, (bytes) => {
        const outcome = decodedOrRefused(() => {
          const decoded = decodeDhcp4(bytes);
          for (const read of READERS) decodedOrRefused(() => read(decoded));
        });
        expect(["decoded", "refused"]).toContain(outcome);
      }),
      { ...LIMITED, numRuns: 3000 },
    );
  });

  test("what decodes is described, and encodes to what decodes alike", () => {
    const accepted = anyBytes.filter((bytes) => decodedOrRefused(() => decodeDhcp4(bytes)) === "decoded");
    fc.assert(
      fc.property(accepted, (bytes) => {
        const decoded = decodeDhcp4(bytes);
        expect(describeDhcp4(decoded).split("\n").length).toBe(13 + decoded.options.length);
        const again = decodeDhcp4(encodeDhcp4(decoded));
        const inOrder = decoded.options.toSorted((a, b) => rank(a.code) - rank(b.code));
        expect(again).toEqual({ ...decoded, options: inOrder });
      }),
      { ...LIMITED, numRuns: 500 },
    );
  });
});
