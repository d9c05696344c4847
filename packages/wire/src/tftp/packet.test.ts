import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { bytesFromText, DecodeError, EncodeError } from "../bytes.ts";
import { describeTftp } from "../describe.ts";
import { tftpPath } from "./file-name.ts";
import { toNetascii } from "./netascii.ts";
import { decodeTftp, encodeTftp, type TftpPacket } from "./packet.ts";

const raw = (opcode: number, text: string) => new Uint8Array([0, opcode, ...bytesFromText(text)]);

describe("a request (RFC 1350 section 5, RFC 2347)", () => {
  test("is read with its options, names in lower case", () => {
    const packet = decodeTftp(raw(1, "ipxe.efi\0OCTET\0tSize\x000\0BLKSIZE\x001468\0windowsize\x004\0"));
    expect(packet).toEqual({
      kind: "rrq",
      fileName: "ipxe.efi",
      mode: "octet",
      options: [
        { name: "tsize", value: "0" },
        { name: "blksize", value: "1468" },
        { name: "windowsize", value: "4" },
      ],
    });
    expect(describeTftp(packet)).toBe('RRQ "ipxe.efi" octet tsize=0 blksize=1468 windowsize=4');
  });

  test.each([
    ["no file name", raw(1, ""), "file name is not terminated by NUL"],
    ["an unterminated file name", raw(1, "ipxe.efi"), "file name is not terminated by NUL"],
    ["no mode", raw(1, "ipxe.efi\0"), "mode is not terminated by NUL"],
    ["an unterminated mode", raw(1, "ipxe.efi\0octet"), "mode is not terminated by NUL"],
    ["an unknown mode", raw(1, "ipxe.efi\0binary\0"), "the mode is not octet, netascii or mail"],
    ["an option without a value", raw(1, "a\0octet\0tsize\0"), "option value is not terminated by NUL"],
    ["an unterminated value", raw(1, "a\0octet\0tsize\x000"), "option value is not terminated by NUL"],
    ["an option without a name", raw(1, "a\0octet\0\0\0"), "an option has no name"],
    ["an option given twice", raw(1, "a\0octet\0tsize\x000\0TSIZE\x000\0"), "an option is given twice"],
    ["513 bytes", raw(1, `${"a".repeat(504)}\0octet\0`), "a request has at most 512 bytes, not 513"],
  ])("is refused with %s", (_what, bytes, reason) => {
    expect(() => decodeTftp(bytes)).toThrow(expect.objectContaining({ code: "decode", reason }));
  });

  test("of 512 bytes is read, and more is not written", () => {
    const fileName = "a".repeat(503);
    expect(decodeTftp(raw(1, `${fileName}\0octet\0`))).toMatchObject({ fileName });
    expect(() => encodeTftp({ kind: "rrq", fileName: `${fileName}a`, mode: "octet", options: [] })).toThrow(
      expect.objectContaining({ code: "too-large" }),
    );
  });

  test("of mail mode is read, to be refused with a reason", () => {
    expect(decodeTftp(raw(2, "a\0mail\0"))).toMatchObject({ kind: "wrq", mode: "mail" });
  });
});

describe("the other packets (RFC 1350 section 5)", () => {
  test.each([
    ["nothing", []],
    ["half an opcode", [0]],
    ["opcode 0", [0, 0, 0, 0]],
    ["opcode 7", [0, 7, 0, 0]],
    ["opcode 256", [1, 0, 0, 0]],
    ["DATA without a block", [0, 3, 0]],
    ["ACK of 3 bytes", [0, 4, 0]],
    ["ACK of 5 bytes", [0, 4, 0, 1, 0]],
    ["ERROR without a code", [0, 5, 0]],
    ["OACK with half an option", [0, 6, 97, 0]],
  ])("%s is refused", (_what, bytes) => {
    expect(() => decodeTftp(Uint8Array.from(bytes))).toThrow(DecodeError);
  });

  test("an ERROR is heard although its text has no NUL", () => {
    expect(decodeTftp(Uint8Array.of(0, 5, 0, 8, 110, 111))).toEqual({ kind: "error", code: 8, message: "no" });
    expect(decodeTftp(Uint8Array.of(0, 5, 0, 8))).toEqual({ kind: "error", code: 8, message: "" });
  });

  test("text with a NUL is not written", () => {
    expect(() => encodeTftp({ kind: "error", code: 0, message: "a\0b" })).toThrow(EncodeError);
  });

  test("DATA is a view of its datagram, not a copy", () => {
    const datagram = Uint8Array.of(0, 3, 0, 1, 7, 8);
    const packet = decodeTftp(datagram);
    datagram[4] = 9;
    expect(packet).toEqual({ kind: "data", block: 1, data: Uint8Array.of(9, 8) });
  });
});

const latin1 = (max: number) =>
  fc
    .uint8Array({ maxLength: max, size: "max" })
    .map((bytes) => String.fromCharCode(...bytes.filter((byte) => byte > 0)));
const optionList = fc.uniqueArray(
  fc.record({
    name: latin1(12)
      .map((name) => name.replace(/[A-Z]/g, "x"))
      .filter((name) => name !== ""),
    value: latin1(12),
  }),
  { selector: (option) => option.name, maxLength: 5 },
);
const word = fc.nat(0xffff);
const request = {
  fileName: latin1(300),
  mode: fc.constantFrom("octet" as const, "netascii" as const, "mail" as const),
  options: optionList,
};
const anyPacket: fc.Arbitrary<TftpPacket> = fc.oneof(
  fc.record({ kind: fc.constant("rrq" as const), ...request }),
  fc.record({ kind: fc.constant("wrq" as const), ...request }),
  fc.record({ kind: fc.constant("data" as const), block: word, data: fc.uint8Array({ maxLength: 2000, size: "max" }) }),
  fc.record({ kind: fc.constant("ack" as const), block: word }),
  fc.record({ kind: fc.constant("error" as const), code: word, message: latin1(2000) }),
  fc.record({ kind: fc.constant("oack" as const), options: optionList }),
);

/** The packet, or "refused" by a DecodeError; anything else is thrown on. */
function decodedOrRefused(datagram: Uint8Array): TftpPacket | "refused" {
  try {
    return decodeTftp(datagram);
  } catch (error) {
    if (error instanceof DecodeError) return "refused";
    throw error;
  }
}

describe("for any packet and any bytes", () => {
  test("decode gives back what encode was given", () => {
    fc.assert(
      fc.property(anyPacket, (packet) => {
        expect(decodeTftp(encodeTftp(packet))).toEqual(packet);
      }),
      { numRuns: 500 },
    );
  });

  test("bytes decode, and then to what encodes and decodes alike, or raise DecodeError", () => {
    const bytes = fc.uint8Array({ maxLength: 600, size: "max" });
    const text = fc.array(fc.constantFrom("octet", "a", "\0", "tsize", "1", "\xff"), { maxLength: 200, size: "max" });
    const mutated = fc.tuple(anyPacket, fc.array(fc.tuple(fc.nat(40), fc.nat(255)), { maxLength: 3 }));
    const anyBytes = fc.oneof(
      bytes,
      fc.tuple(fc.integer({ min: 1, max: 6 }), text).map(([opcode, words]) => raw(opcode, words.join(""))),
      mutated.map(([packet, edits]) => {
        const encoded = encodeTftp(packet);
        for (const [at, value] of edits) encoded[at] = value;
        return encoded;
      }),
    );
    fc.assert(
      fc.property(anyBytes, (datagram) => {
        const decoded = decodedOrRefused(datagram);
        expect(decoded === "refused" ? decoded : decodeTftp(encodeTftp(decoded))).toEqual(decoded);
      }),
      { numRuns: 3000 },
    );
  });
});

describe("a requested name", () => {
  test.each([
    ["ipxe.efi", "ipxe.efi"],
    ["/grub/grub.cfg", "grub/grub.cfg"],
    ["sb//grubx64.efi", "sb/grubx64.efi"],
    ["\\boot\\x64\\bcd", "boot/x64/bcd"],
    ["./a/./b", "a/b"],
    ["ipxe.efi\xff", "ipxe.efi"],
    ["ipxe.efi \xff\0", "ipxe.efi"],
    ["a..b/c..", "a..b/c.."],
  ])("%j is %j below the root (R5)", (fileName, path) => {
    expect(tftpPath(fileName)).toBe(path);
  });

  test.each(["", "/", ".", "..", "../etc/passwd", "a/../../b", "a\\..\\b", "a\0b", "\xff", "..\xff"])(
    "%j is outside",
    (fileName) => {
      expect(tftpPath(fileName)).toBeUndefined();
    },
  );
});

describe("netascii (RFC 1350 section 1)", () => {
  test.each([
    ["a\nb", "a\r\nb"],
    ["a\rb", "a\r\0b"],
    ["a\r\nb", "a\r\0\r\nb"],
    ["plain", "plain"],
    ["", ""],
  ])("%j is sent as %j", (file, sent) => {
    expect(toNetascii(bytesFromText(file))).toEqual(bytesFromText(sent));
  });

  test("gives the file back to a client that converts it", () => {
    const text = fc.array(fc.constantFrom("a", "\n", "\r", "\0", "\xff"), { maxLength: 300, size: "max" });
    fc.assert(
      fc.property(text, (characters) => {
        const sent = String.fromCharCode(...toNetascii(bytesFromText(characters.join(""))));
        const received = sent.replace(/\r\n|\r\0/g, (pair) => (pair === "\r\n" ? "\n" : "\r"));
        expect(received).toBe(characters.join(""));
      }),
    );
  });
});
