import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  ByteReader,
  bytesFromNumber,
  bytesFromText,
  DecodeError,
  EncodeError,
  hexFromBytes,
  quoted,
  textFromBytes,
} from "./bytes.ts";

describe("a reader", () => {
  test("gives exactly what was asked for, in order", () => {
    const reader = new ByteReader(Uint8Array.of(1, 2, 3, 0xff, 0xff, 0xff, 0xfe, 65, 66, 0, 9, 8, 7));
    expect([reader.uint8("a"), reader.uint16("b"), reader.uint32("c")]).toEqual([1, 0x203, 0xfffffffe]);
    expect(reader.terminatedText("d")).toBe("AB");
    expect([...reader.bytes(2, "e")]).toEqual([9, 8]);
    expect([reader.offset, reader.remaining]).toEqual([12, 1]);
    expect([...reader.rest()]).toEqual([7]);
    expect(reader.bytes(0, "nothing").length).toBe(0);
  });

  test.each<[string, (reader: ByteReader) => unknown, string]>([
    ["a byte", (reader) => reader.bytes(3, "all") && reader.uint8("x"), "x is missing"],
    ["a word", (reader) => reader.bytes(2, "two") && reader.uint16("x"), "x is missing"],
    ["a long", (reader) => reader.uint32("x"), "x is missing"],
    ["bytes", (reader) => reader.bytes(4, "x"), "x needs 4 bytes, 3 are left"],
    ["text", (reader) => reader.terminatedText("x"), "x is not terminated by NUL"],
  ])("refuses %s beyond the end rather than giving less", (_what, read, reason) => {
    const reader = new ByteReader(Uint8Array.of(1, 2, 3));
    expect(() => read(reader)).toThrow(expect.objectContaining({ name: "DecodeError", code: "decode", reason }));
  });

  test("says where it stopped", () => {
    const reader = new ByteReader(Uint8Array.of(1, 2, 3));
    reader.uint16("two");
    expect(() => reader.bytes(2, "x")).toThrow(new DecodeError("x needs 2 bytes, 1 are left", 2));
  });

  test("reads a view from its own start", () => {
    expect(new ByteReader(Uint8Array.of(9, 1, 2).subarray(1)).uint16("x")).toBe(0x102);
  });
});

test("text is one character a byte and survives, whatever the bytes", () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 20_000, size: "max" }), (bytes) => {
      expect(Buffer.compare(bytesFromText(textFromBytes(bytes)), bytes)).toBe(0);
    }),
    { numRuns: 30 },
  );
  expect(() => bytesFromText("\u0100")).toThrow(EncodeError);
});

test("numbers are written big-endian in their width", () => {
  expect(hexFromBytes(bytesFromNumber(0xfffffffe, 4))).toBe("fffffffe");
  expect(hexFromBytes(bytesFromNumber(1, 2))).toBe("0001");
  expect(() => bytesFromNumber(256, 1)).toThrow(EncodeError);
});

test("what is quoted is printable ASCII", () => {
  expect(quoted('a"b\\c\xff\0')).toBe(String.raw`"a\"b\\c\xff\x00"`);
});
