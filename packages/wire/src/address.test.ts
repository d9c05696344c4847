import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  AddressError,
  BROADCAST_IPV4,
  ipv4FromNumber,
  ipv4ToNumber,
  macFromBytes,
  macHyphens,
  macToBytes,
  parseIpv4,
  parseMac,
  parseSubnet,
  subnetBroadcast,
  subnetContains,
  subnetMask,
  ZERO_IPV4,
} from "./address.ts";

function codeOf(action: () => unknown): string {
  try {
    action();
  } catch (error) {
    return error instanceof AddressError ? `${error.code}, hint: ${error.hint !== ""}` : String(error);
  }
  return "accepted";
}

describe("a MAC address", () => {
  test.each(["52:54:00:77:00:aB", "52-54-00-77-00-ab", "5254.0077.00ab", "5254007700AB"])("is read from %s", (text) => {
    expect(parseMac(text)).toBe("52:54:00:77:00:ab");
  });

  test.each([
    "",
    "52:54:00:77:00",
    "52:54:00:77:00:01:02",
    "52:54-00:77:00:01",
    "52:54:00:77:00:0g",
    " 525400770001",
    "5:54:00:77:00:01",
  ])("is not read from %j", (text) => {
    expect(codeOf(() => parseMac(text))).toBe("bad-mac, hint: true");
  });

  test("survives its bytes and is hyphenated as iPXE's ${mac:hexhyp}", () => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 6, maxLength: 6 }), (bytes) => {
        const mac = macFromBytes(bytes);
        expect(macToBytes(mac)).toEqual(bytes);
        expect(parseMac(mac)).toBe(mac);
        expect(parseMac(macHyphens(mac))).toBe(mac);
      }),
    );
    expect(macHyphens(parseMac("525400770001"))).toBe("52-54-00-77-00-01");
  });

  test("has six octets", () => {
    expect(codeOf(() => macFromBytes(new Uint8Array(16)))).toBe("bad-mac, hint: true");
  });
});

describe("an IPv4 address", () => {
  test.each([
    "",
    "10.77.0",
    "10.77.0.1.2",
    "10.77.0.256",
    "10.077.0.1",
    "10.77.0.1 ",
    "a.b.c.d",
    "10..0.1",
    "+1.2.3.4",
  ])("is not read from %j", (text) => {
    expect(codeOf(() => parseIpv4(text))).toBe("bad-ipv4, hint: true");
  });

  test("survives its number", () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 0xffffffff }), (number) => {
        const address = ipv4FromNumber(number);
        expect(ipv4ToNumber(address)).toBe(number);
        expect(parseIpv4(address)).toBe(address);
      }),
    );
    expect([ipv4ToNumber(ZERO_IPV4), ipv4ToNumber(BROADCAST_IPV4)]).toEqual([0, 0xffffffff]);
  });

  test.each([-1, 0x100000000, 1.5, Number.NaN])("is not made from %d", (number) => {
    expect(codeOf(() => ipv4FromNumber(number))).toBe("bad-ipv4, hint: true");
  });
});

describe("a subnet", () => {
  test.each([
    ["10.77.0.0/24", "255.255.255.0", "10.77.0.255"],
    ["10.77.0.128/25", "255.255.255.128", "10.77.0.255"],
    ["0.0.0.0/0", "0.0.0.0", "255.255.255.255"],
    ["255.255.255.255/32", "255.255.255.255", "255.255.255.255"],
    ["128.0.0.0/1", "128.0.0.0", "255.255.255.255"],
  ])("%s has mask %s and broadcast address %s", (text, mask, broadcast) => {
    const subnet = parseSubnet(text);
    expect(subnetMask(subnet)).toBe(mask);
    expect(subnetBroadcast(subnet)).toBe(broadcast);
    expect(subnetContains(subnet, subnet.network)).toBe(true);
    expect(subnetContains(subnet, subnetBroadcast(subnet))).toBe(true);
  });

  test("does not contain its neighbours", () => {
    const subnet = parseSubnet("10.77.0.128/25");
    expect(subnetContains(subnet, parseIpv4("10.77.0.127"))).toBe(false);
    expect(subnetContains(subnet, parseIpv4("10.77.1.0"))).toBe(false);
    expect(subnetContains(subnet, parseIpv4("138.77.0.130"))).toBe(false);
  });

  test.each(["10.77.0.0", "10.77.0.0/33", "10.77.0.0/024", "10.77.0/24", "10.77.0.1/24", "10.77.0.0/", "/24"])(
    "is not read from %j",
    (text) => {
      expect(codeOf(() => parseSubnet(text))).toBe("bad-subnet, hint: true");
    },
  );
});
