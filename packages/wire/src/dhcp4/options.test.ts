import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { ipv4FromNumber, parseIpv4, parseSubnet } from "../address.ts";
import { bytesFromText, concatBytes, DecodeError, EncodeError } from "../bytes.ts";
import { classlessRoutesOption, readClasslessRoutes } from "./classless-routes.ts";
import { domainSearchOption, readDomainSearch } from "./domain-search.ts";
import { fieldText, fileField, snameField } from "./header-text.ts";
import type { Dhcp4Option } from "./option-area.ts";
import { OPTION } from "./option-codes.ts";
import {
  bytesOption,
  findOption,
  ipv4Option,
  messageType,
  messageTypeOption,
  readIpv4List,
  readIpv4Option,
  readParameterList,
  readTextOption,
  readUint8Option,
  readUint16List,
  readUint16Option,
  readUint32Option,
  textOption,
  uint8Option,
  uint16Option,
  uint32Option,
} from "./options.ts";

const having = (...options: readonly Dhcp4Option[]) => ({ options });
const holding = (code: number, ...data: readonly number[]) => having({ code, data: Uint8Array.from(data) });

describe("a typed option", () => {
  test("is read as it was written", () => {
    const [a, b] = [parseIpv4("10.0.0.1"), parseIpv4("255.255.255.255")];
    expect(readIpv4Option(having(ipv4Option(54, a)), 54)).toBe(a);
    expect(readIpv4List(having(ipv4Option(6, a, b)), 6)).toEqual([a, b]);
    expect(readTextOption(having(textOption(12, "core-01")), 12)).toBe("core-01");
    expect(readUint8Option(having(uint8Option(23, 255)), 23)).toBe(255);
    expect(readUint16Option(having(uint16Option(57, 1472)), 57)).toBe(1472);
    expect(readUint32Option(having(uint32Option(51, 0xffffffff)), 51)).toBe(0xffffffff);
    expect(readUint16List(holding(93, 0, 7, 0, 16), 93)).toEqual([7, 16]);
    expect(readParameterList(having(bytesOption(55, Uint8Array.of(1, 3, 235))))).toEqual([1, 3, 235]);
  });

  test("that is absent is undefined", () => {
    const none = having();
    expect(
      [findOption, readIpv4Option, readIpv4List, readTextOption, readUint8Option, readUint16Option, readUint16List].map(
        (read) => read(none, 9),
      ),
    ).toEqual(Array.from({ length: 7 }));
    expect(messageType(none)).toBeUndefined();
  });

  test.each<[string, () => unknown]>([
    ["an address of 3 bytes", () => readIpv4Option(holding(54, 1, 2, 3), 54)],
    ["an address of 5 bytes", () => readIpv4Option(holding(54, 1, 2, 3, 4, 5), 54)],
    ["addresses of 6 bytes", () => readIpv4List(holding(6, 1, 2, 3, 4, 5, 6), 6)],
    ["an empty list of addresses", () => readIpv4List(holding(6), 6)],
    ["a byte of 2", () => readUint8Option(holding(53, 1, 1), 53)],
    ["a word of 1", () => readUint16Option(holding(57, 1), 57)],
    ["a list of words of 3 bytes", () => readUint16List(holding(93, 0, 7, 0), 93)],
    ["an empty message type", () => messageType(holding(53))],
    ["message type 0", () => messageType(holding(53, 0))],
    ["message type 9", () => messageType(holding(53, 9))],
  ])("that has a wrong value is refused: %s", (_what, read) => {
    expect(read).toThrow(DecodeError);
  });

  test.each<[string, () => unknown]>([
    ["no address", () => ipv4Option(6)],
    ["empty text", () => textOption(12, "")],
    ["text beyond one byte a character", () => textOption(12, "\u0142")],
    ["256 in a byte", () => uint8Option(23, 256)],
    ["-1 in a word", () => uint16Option(57, -1)],
    ["a fraction", () => uint32Option(51, 1.5)],
  ])("is not written with %s", (_what, write) => {
    expect(write).toThrow(EncodeError);
  });

  test("of text loses the NULs some senders add (RFC 2132 section 2), and only those at its end", () => {
    expect(readTextOption(holding(67, 65, 0, 66, 0, 0), 67)).toBe("A\0B");
  });
});

test.each(["discover", "offer", "request", "decline", "ack", "nak", "release", "inform"] as const)(
  "message type %s survives (RFC 2132 section 9.6)",
  (type) => {
    expect(messageType(having(messageTypeOption(type)))).toBe(type);
  },
);

test("message types have the numbers of RFC 2132 section 9.6", () => {
  expect([messageTypeOption("discover"), messageTypeOption("ack"), messageTypeOption("inform")]).toEqual(
    [1, 5, 8].map((value) => ({ code: 53, data: Uint8Array.of(value) })),
  );
});

describe("file and sname", () => {
  test("hold text up to one byte less than their size, ended by NUL (R3)", () => {
    expect(fieldText(fileField("a".repeat(127)))).toBe("a".repeat(127));
    expect(fileField("a").length).toBe(128);
    expect(fieldText(snameField("b".repeat(63)))).toBe("b".repeat(63));
    expect(snameField("b").length).toBe(64);
    expect(() => fileField("a".repeat(128))).toThrow(EncodeError);
    expect(() => snameField("b".repeat(64))).toThrow(EncodeError);
  });

  test("are read whole when a sender fills them", () => {
    expect(fieldText(new Uint8Array(64).fill(65))).toBe("A".repeat(64));
  });
});

describe("classless routes (RFC 3442)", () => {
  test("are laid out as in the RFC: width, significant octets, router", () => {
    const router = parseIpv4("10.0.0.1");
    const routes = [
      "0.0.0.0/0",
      "10.0.0.0/8",
      "10.17.0.0/16",
      "10.27.129.0/24",
      "10.229.0.128/25",
      "10.198.122.47/32",
    ].map((text) => ({ destination: parseSubnet(text), router }));
    const option = classlessRoutesOption(routes);
    expect([...option.data]).toEqual(
      [[0], [8, 10], [16, 10, 17], [24, 10, 27, 129], [25, 10, 229, 0, 128], [32, 10, 198, 122, 47]].flatMap((head) => [
        ...head,
        10,
        0,
        0,
        1,
      ]),
    );
    expect(readClasslessRoutes(having(option))).toEqual(routes);
  });

  test("lose the host bits of their destination when read", () => {
    const read = readClasslessRoutes(holding(121, 20, 10, 77, 255, 10, 0, 0, 1));
    expect(read?.[0]?.destination).toEqual({ network: "10.77.240.0", prefixLength: 20 });
    expect(() => parseSubnet("10.77.240.0/20")).not.toThrow();
  });

  test.each([[[33, 1, 1, 1, 1, 1, 1, 1, 1]], [[24, 10, 0]], [[0, 10, 0, 0]]])("%j is refused", (data) => {
    expect(() => readClasslessRoutes(holding(121, ...data))).toThrow(DecodeError);
  });

  test("survive", () => {
    const route = fc.record({
      prefixLength: fc.nat(32),
      network: fc.integer({ min: 0, max: 0xffffffff }),
      router: fc.integer({ min: 0, max: 0xffffffff }).map(ipv4FromNumber),
    });
    fc.assert(
      fc.property(fc.array(route, { minLength: 1, maxLength: 80, size: "max" }), (specs) => {
        const routes = specs.map(({ prefixLength, network, router }) => ({
          destination: { network: ipv4FromNumber(network - (network % 2 ** (32 - prefixLength))), prefixLength },
          router,
        }));
        expect(readClasslessRoutes(having(classlessRoutesOption(routes)))).toEqual(routes);
      }),
    );
  });
});

const label = (text: string) => [text.length, ...bytesFromText(text)];

describe("domain search (RFC 3397)", () => {
  const names = ["eng.apple.com", "marketing.apple.com"];

  test("is compressed as in the RFC's example", () => {
    const { data } = domainSearchOption(names);
    expect([...data]).toEqual([...label("eng"), ...label("apple"), ...label("com"), 0, ...label("marketing"), 0xc0, 4]);
    expect(domainSearchOption(names, { compress: false }).data.length).toBe(36);
  });

  test.each([
    ["a pointer to itself", [0xc0, 0]],
    ["a pointer forwards", [0xc0, 3, 0, 1, 65, 0]],
    ["two pointers in a circle", [1, 65, 0xc0, 4, 1, 66, 0xc0, 0]],
    ["a pointer cut short", [1, 65, 0xc0]],
    ["a label cut short", [5, 65]],
    ["a name without its end", [1, 65]],
    ["a label of a reserved type", [0x41, 65, 0]],
    ["the root", [0]],
    ["a dot within a label", [3, 65, 46, 65, 0]],
    ["a name over 255 bytes", ["a", "b", "c", "d", "e"].flatMap((letter) => label(letter.repeat(63)))],
  ])("%s is refused", (_what, data) => {
    expect(() => readDomainSearch(holding(OPTION.domainSearch, ...data))).toThrow(DecodeError);
  });

  test.each(["", ".", "a..b", "a b", "a".repeat(64), `${"a.".repeat(127)}aa`])("%j is not written", (name) => {
    expect(() => domainSearchOption([name])).toThrow(EncodeError);
  });

  test("survives with compression and without", () => {
    const word = fc.constantFrom("a", "lab", "test", "x".repeat(63), "corp-1", "_tcp");
    const name = fc.array(word, { minLength: 1, maxLength: 3 }).map((labels) => labels.join("."));
    fc.assert(
      fc.property(fc.array(name, { minLength: 1, maxLength: 300, size: "max" }), fc.boolean(), (list, compress) => {
        const option = domainSearchOption(list, { compress });
        expect(readDomainSearch(having(option))).toEqual(list);
      }),
    );
  });

  test("survives past the reach of pointers, 16383 bytes", () => {
    const list = Array.from({ length: 2000 }, (_, index) => `host-${index}.unique-${index % 1900}.test`);
    const option = domainSearchOption(list);
    expect(option.data.length).toBeGreaterThan(0x4000);
    expect(readDomainSearch(having(option))).toEqual(list);
  });
});

test("parts are joined in order", () => {
  expect([...concatBytes([Uint8Array.of(1), new Uint8Array(), Uint8Array.of(2, 3)])]).toEqual([1, 2, 3]);
});
