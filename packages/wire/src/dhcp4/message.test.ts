import { describe, expect, test } from "vitest";
import { DecodeError, EncodeError } from "../bytes.ts";
import { type Dhcp4Message, decodeDhcp4, encodeDhcp4 } from "./message.ts";
import type { Dhcp4Option } from "./option-area.ts";

const COOKIE = [99, 130, 83, 99];
const DISCOVER = [53, 1, 1];

/** A datagram with this options field, and what `file` and `sname` begin with. */
function datagram(options: readonly number[], fields: { file?: readonly number[]; sname?: readonly number[] } = {}) {
  const bytes = new Uint8Array(240 + options.length);
  bytes.set([1, 1, 6]);
  bytes.set(fields.sname ?? [], 44);
  bytes.set(fields.file ?? [], 108);
  bytes.set(COOKIE, 236);
  bytes.set(options, 240);
  return bytes;
}

function message(options: readonly Dhcp4Option[]): Dhcp4Message {
  return { ...decodeDhcp4(datagram([])), options };
}

function option(code: number, ...data: readonly number[]): Dhcp4Option {
  return { code, data: Uint8Array.from(data) };
}

function decodeErrorOf(bytes: Uint8Array): string {
  try {
    decodeDhcp4(bytes);
  } catch (error) {
    if (error instanceof DecodeError) return `${error.reason} @${error.offset}`;
    throw error;
  }
  return "decoded";
}

describe("the header (RFC 2131 section 2)", () => {
  test.each([
    ["an empty datagram", new Uint8Array(), "a DHCP message has at least 240 bytes, not 0 @0"],
    ["239 bytes", datagram([]).subarray(0, 239), "a DHCP message has at least 240 bytes, not 239 @0"],
    ["op 0", datagram([]).with(0, 0), "op is 0, neither 1 (request) nor 2 (reply) @0"],
    ["op 3", datagram([]).with(0, 3), "op is 3, neither 1 (request) nor 2 (reply) @0"],
    ["hlen 17", datagram([]).with(2, 17), "hlen is 17, chaddr has 16 bytes @2"],
    ["another cookie", datagram([]).with(239, 98), "the magic cookie is not 99.130.83.99 @236"],
  ])("refuses %s", (_what, bytes, reason) => {
    expect(decodeErrorOf(bytes)).toBe(reason);
  });

  test("gives its fields, the 16 bits of flags apart", () => {
    const bytes = datagram([...DISCOVER, 255]);
    bytes.set([
      2, 6, 16, 3, 0xfe, 0xdc, 0xba, 0x98, 0x01, 0x02, 0x80, 0x03, 10, 0, 0, 1, 10, 0, 0, 2, 10, 0, 0, 3, 10, 0, 0, 4,
    ]);
    expect(decodeDhcp4(bytes)).toMatchObject({
      op: "reply",
      hardwareType: 6,
      hardwareLength: 16,
      hops: 3,
      xid: 0xfedcba98,
      secs: 258,
      broadcast: true,
      reservedFlags: 3,
      ciaddr: "10.0.0.1",
      yiaddr: "10.0.0.2",
      siaddr: "10.0.0.3",
      giaddr: "10.0.0.4",
    });
  });

  test("is read from a Buffer as from any bytes", () => {
    expect(decodeDhcp4(Buffer.from(datagram(DISCOVER)))).toEqual(decodeDhcp4(datagram(DISCOVER)));
  });
});

describe("options (RFC 2132 section 2)", () => {
  test("PAD is skipped and nothing after END is read", () => {
    expect(decodeDhcp4(datagram([0, 0, ...DISCOVER, 0, 255, 12, 9])).options).toEqual([option(53, 1)]);
  });

  test("an absent END is accepted where the datagram ends", () => {
    expect(decodeDhcp4(datagram(DISCOVER)).options).toEqual([option(53, 1)]);
    expect(decodeDhcp4(datagram([])).options).toEqual([]);
  });

  test.each([
    ["without its length", [...DISCOVER, 12], "option 12 has no length @243"],
    ["longer than the datagram", [...DISCOVER, 12, 3, 65, 66], "option 12 needs 3 bytes, 2 are left @243"],
  ])("an option %s is refused", (_what, options, reason) => {
    expect(decodeErrorOf(datagram(options))).toBe(reason);
  });

  test("instances of one code are joined at the place of the first (RFC 3396 section 7)", () => {
    expect(decodeDhcp4(datagram([55, 2, 1, 3, ...DISCOVER, 55, 1, 6, 12, 0, 55, 0, 255])).options).toEqual([
      option(55, 1, 3, 6),
      option(53, 1),
      option(12),
    ]);
  });
});

describe("option overload (RFC 2131 section 4.1)", () => {
  const file = [12, 1, 65, 67, 1, 70, 255, 9];
  const sname = [67, 2, 71, 72, 15, 1, 66, 255];

  test("1 continues the options in file, 2 in sname", () => {
    const inFile = decodeDhcp4(datagram([...DISCOVER, 52, 1, 1, 255], { file, sname }));
    expect(inFile.options).toEqual([option(53, 1), option(12, 65), option(67, 70)]);
    expect(inFile.file).toEqual(new Uint8Array(128));
    expect(inFile.sname[0]).toBe(67);
    const inSname = decodeDhcp4(datagram([...DISCOVER, 52, 1, 2, 255], { file, sname }));
    expect(inSname.options).toEqual([option(53, 1), option(67, 71, 72), option(15, 66)]);
    expect(inSname.sname).toEqual(new Uint8Array(64));
    expect(inSname.file[0]).toBe(12);
  });

  test("3 reads file before sname, and instances are joined across them (RFC 3396 section 5)", () => {
    const decoded = decodeDhcp4(datagram([...DISCOVER, 52, 1, 3, 67, 1, 69, 255], { file, sname }));
    expect(decoded.options).toEqual([option(53, 1), option(67, 69, 70, 71, 72), option(12, 65), option(15, 66)]);
  });

  test.each([
    ["of value 0", [52, 1, 0], {}, "option 52 is not one byte of value 1, 2 or 3 @240"],
    ["of value 4", [52, 1, 4], {}, "option 52 is not one byte of value 1, 2 or 3 @240"],
    ["of two bytes", [52, 2, 1, 1], {}, "option 52 is not one byte of value 1, 2 or 3 @240"],
    ["given twice", [52, 1, 1, 52, 0], {}, "option 52 is not one byte of value 1, 2 or 3 @240"],
    ["inside file", [52, 1, 1], { file: [52, 1, 2] }, "option 52 stands inside an overloaded field @44"],
  ])("option 52 %s is refused", (_what, options, fields, reason) => {
    expect(decodeErrorOf(datagram(options, fields))).toBe(reason);
  });

  test("an option that runs out of file is refused, although sname follows", () => {
    const fields = { file: [12, 127] };
    expect(decodeErrorOf(datagram([52, 1, 3], fields))).toBe("option 12 needs 127 bytes, 126 are left @108");
  });

  test("is never sent, because iPXE takes the options in file for a name (R4)", () => {
    expect(() => encodeDhcp4(message([option(52, 1)]))).toThrow(EncodeError);
    const long = { code: 43, data: new Uint8Array(1000).fill(7) };
    const encoded = encodeDhcp4(message([option(53, 2), long]));
    expect(encoded.subarray(44, 236).every((byte) => byte === 0)).toBe(true);
  });
});

describe("encoding", () => {
  test("pads to 300 bytes with zeros after END", () => {
    const encoded = encodeDhcp4(message([option(53, 2)]));
    expect(encoded.length).toBe(300);
    expect([...encoded.subarray(240, 246)]).toEqual([53, 1, 2, 255, 0, 0]);
    expect(encodeDhcp4(message([option(53, 2)]), { minSize: 0 }).length).toBe(244);
    expect(encodeDhcp4(message([option(53, 2)]), { minSize: 548 }).length).toBe(548);
  });

  test("sends the message type first and relay agent information last (RFC 3046 section 2.1)", () => {
    const encoded = encodeDhcp4(message([option(82, 1, 1, 9), option(54, 1, 2, 3, 4), option(53, 2)]), { minSize: 0 });
    expect([...encoded.subarray(240)]).toEqual([53, 1, 2, 54, 4, 1, 2, 3, 4, 82, 3, 1, 1, 9, 255]);
  });

  test("follows option 67 by a PAD byte where told, for UEFI that reads past its length (R5)", () => {
    const encoded = encodeDhcp4(message([option(67, 65), option(6, 1, 1, 1, 1)]), { minSize: 0, padAfter: [67] });
    expect([...encoded.subarray(240)]).toEqual([67, 1, 65, 0, 6, 4, 1, 1, 1, 1, 255]);
  });

  test.each([
    [0, [0]],
    [255, [255]],
    [256, [255, 1]],
    [510, [255, 255]],
    [511, [255, 255, 1]],
  ])("splits a value of %d bytes (RFC 3396 section 6)", (length, lengths) => {
    const data = Uint8Array.from({ length }, (_, index) => index);
    const encoded = encodeDhcp4(message([{ code: 43, data }]), { minSize: 0 });
    let offset = 240;
    for (const part of lengths) {
      expect([...encoded.subarray(offset, offset + 2)]).toEqual([43, part]);
      offset += 2 + part;
    }
    expect([...encoded.subarray(offset)]).toEqual([255]);
  });

  test("refuses a message over maxSize and takes one that fits exactly, PAD and END included", () => {
    const full = message([option(67, ...new Uint8Array(100).fill(65))]);
    const size = 240 + 102 + 1 + 1;
    expect(encodeDhcp4(full, { maxSize: size, padAfter: [67] }).length).toBe(size);
    expect(() => encodeDhcp4(full, { maxSize: size - 1, padAfter: [67] })).toThrow(
      expect.objectContaining({ code: "too-large" }),
    );
  });

  test.each<[string, Partial<Dhcp4Message>]>([
    ["a negative xid", { xid: -1 }],
    ["secs over 16 bits", { secs: 0x10000 }],
    ["a hardware length over 16", { hardwareLength: 17 }],
    ["the broadcast bit among the reserved flags", { reservedFlags: 0x8000 }],
    ["a chaddr of 6 bytes", { chaddr: new Uint8Array(6) }],
    ["a file of 129 bytes", { file: new Uint8Array(129) }],
    ["a PAD option", { options: [option(0)] }],
    ["an END option", { options: [option(255)] }],
    ["an option given twice", { options: [option(6, 1), option(6, 2)] }],
  ])("refuses %s", (_what, fields) => {
    expect(() => encodeDhcp4({ ...message([]), ...fields })).toThrow(expect.objectContaining({ code: "bad-value" }));
  });
});
