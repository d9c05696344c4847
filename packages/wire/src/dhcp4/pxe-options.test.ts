import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { parseIpv4 } from "../address.ts";
import { bytesFromText, DecodeError, EncodeError } from "../bytes.ts";
import { ARCHITECTURE, architectureOf } from "./architecture.ts";
import { readClientId, readClientMac } from "./client-id.ts";
import { ipxeOption, readIpxeFeatures, readIpxeOptions } from "./ipxe-options.ts";
import { decodeDhcp4 } from "./message.ts";
import type { Dhcp4Option } from "./option-area.ts";
import { OPTION } from "./option-codes.ts";
import { textOption } from "./options.ts";
import {
  machineUuidOption,
  readArchitectures,
  readMachineUuid,
  readNetworkInterface,
  readUserClass,
  userClassOption,
} from "./pxe-options.ts";
import { readRelayInfo, relayInfoOption } from "./relay-info.ts";
import { PXE_DISCOVERY, PXE_SUB_OPTION, readVendorOptions, vendorOption } from "./vendor-options.ts";

const having = (...options: readonly Dhcp4Option[]) => ({ options });
const option = (code: number, ...data: readonly number[]): Dhcp4Option => ({ code, data: Uint8Array.from(data) });
const holding = (code: number, ...data: readonly number[]) => having(option(code, ...data));

const text = (value: string) => [...bytesFromText(value)];

describe("the architecture (option 93)", () => {
  test("is one of the 42 of IANA, each at the index that is its id", () => {
    expect(ARCHITECTURE.map(({ id }) => id)).toEqual(Array.from({ length: 42 }, (_, id) => id));
    expect(new Set(ARCHITECTURE.map(({ name }) => name)).size).toBe(42);
    expect(architectureOf(42)).toBeUndefined();
    expect(architectureOf(-1)).toBeUndefined();
  });

  test("says which clients boot over HTTP (RFC 5970 section 3.3)", () => {
    expect(ARCHITECTURE.filter(({ http }) => http).map(({ id }) => id)).toEqual([
      15, 16, 17, 18, 19, 20, 23, 24, 26, 28, 30, 38, 40,
    ]);
  });

  test.each([
    [0, "bios", false],
    [6, "uefi-ia32", false],
    [7, "uefi-x64", false],
    [9, "uefi-x64", false],
    [11, "uefi-arm64", false],
    [16, "uefi-x64", true],
    [19, "uefi-arm64", true],
    [20, "bios", true],
    [25, "uefi-riscv32", false],
    [27, "uefi-riscv64", false],
    [37, "uefi-loong32", false],
    [39, "uefi-loong64", false],
    [41, "rpiboot", false],
  ])("%i is %s (http %s); RFC 4578 with erratum 4624", (id, firmware, http) => {
    expect(architectureOf(id)).toMatchObject({ firmware, http });
  });

  test.each([
    ["PXEClient:Arch:00007:UNDI:003000", [7]],
    ["HTTPClient:Arch:00016:UNDI:003000", [16]],
    ["PXEClient:Arch:00011", [11]],
    ["PXEClient", []],
    ["PXEClient:Arch:7", []],
    ["d-i PXEClient:Arch:00007:", []],
  ])("is read from option 60 %j where 93 is absent", (vendorClass, architectures) => {
    expect(readArchitectures(having(textOption(60, vendorClass)))).toEqual(architectures);
  });

  test("of option 93 goes before that of option 60", () => {
    expect(readArchitectures(having(option(93, 0, 9), textOption(60, "PXEClient:Arch:00000")))).toEqual([9]);
    expect(readArchitectures(having())).toEqual([]);
  });

  test.each([[[]], [[7]], [[0, 7, 0]]])("%j is refused", (data) => {
    expect(() => readArchitectures(holding(93, ...data))).toThrow(DecodeError);
  });
});

describe("the user class (option 77)", () => {
  test.each([
    ["bare, as iPXE sends it", text("iPXE"), ["iPXE"]],
    ["with a length (RFC 3004)", [4, ...text("iPXE")], ["iPXE"]],
    ["a list (RFC 3004)", [4, ...text("iPXE"), 4, ...text("gPXE")], ["iPXE", "gPXE"]],
    ["bare, when the lengths do not add up", [4, ...text("iPX")], ["\x04iPX"]],
    ["bare, with a NUL", [...text("MSFT"), 0], ["MSFT"]],
    ["empty", [], []],
  ])("is read %s", (_how, data, classes) => {
    expect(readUserClass(holding(77, ...data))).toEqual(classes);
  });

  test("survives in the RFC's form", () => {
    const word = fc.string({
      minLength: 1,
      maxLength: 255,
      unit: fc.constantFrom("i", "P", "X", "E", "-"),
      size: "max",
    });
    fc.assert(
      fc.property(fc.array(word, { minLength: 1, maxLength: 5 }), (classes) => {
        expect(readUserClass(having(userClassOption(classes)))).toEqual(classes);
      }),
    );
    expect(() => userClassOption([])).toThrow(EncodeError);
    expect(() => userClassOption(["x".repeat(256)])).toThrow(EncodeError);
    expect(readUserClass(having())).toEqual([]);
  });
});

describe("the machine's UUID (option 97)", () => {
  test("has its first three fields little-endian, as QEMU's uuid= shows", () => {
    const sent = "33221100554477668899aabbccddeeff".match(/../g)?.map((pair) => Number.parseInt(pair, 16)) ?? [];
    expect(readMachineUuid(holding(97, 0, ...sent))).toBe("00112233-4455-6677-8899-aabbccddeeff");
  });

  test("survives", () => {
    fc.assert(
      fc.property(fc.uuid(), (uuid) => {
        expect(readMachineUuid(having(machineUuidOption(uuid.toUpperCase())))).toBe(uuid);
      }),
    );
    expect(() => machineUuidOption("00112233445566778899aabbccddeeff")).toThrow(EncodeError);
  });

  test("is absent when the option is, is empty (Intel), or is of another type", () => {
    expect([having(), holding(97), holding(97, 1, 2, 3)].map(readMachineUuid)).toEqual([
      undefined,
      undefined,
      undefined,
    ]);
  });

  test("of 15 bytes is refused", () => {
    expect(() => readMachineUuid(holding(97, ...new Uint8Array(16)))).toThrow(DecodeError);
  });
});

test("the network interface is type, major and minor (option 94, RFC 4578 section 2.2)", () => {
  expect(readNetworkInterface(holding(94, 1, 3, 16))).toEqual({ type: 1, major: 3, minor: 16 });
  expect(readNetworkInterface(having())).toBeUndefined();
  expect(() => readNetworkInterface(holding(94, 1, 3))).toThrow(DecodeError);
});

describe("vendor options (option 43)", () => {
  test("tell PXE to use the file name: 06 01 08 ff (R10)", () => {
    const control = option(PXE_SUB_OPTION.discoveryControl, PXE_DISCOVERY.useFileName);
    expect([...vendorOption([control]).data]).toEqual([6, 1, 8, 255]);
  });

  test("are read with PAD, and with END or without", () => {
    expect(readVendorOptions(holding(43, 0, 71, 4, 0x80, 0, 0, 0, 255, 9))).toEqual([option(71, 0x80, 0, 0, 0)]);
    expect(readVendorOptions(holding(43, 6, 1, 8))).toEqual([option(6, 8)]);
    expect(readVendorOptions(having())).toBeUndefined();
  });

  test("cut short are refused", () => {
    expect(() => readVendorOptions(holding(43, 6, 2, 8))).toThrow(DecodeError);
    expect(() => readVendorOptions(holding(43, 6))).toThrow(DecodeError);
  });

  test("over 255 bytes are not written", () => {
    expect(() => vendorOption([{ code: 9, data: new Uint8Array(256) }])).toThrow(EncodeError);
  });
});

describe("iPXE's options (option 175)", () => {
  test("tell iPXE not to wait for a proxyDHCP server: b0 01 01 (R9)", () => {
    expect([...ipxeOption({ noPxeDhcp: true }).data]).toEqual([0xb0, 1, 1]);
  });

  test("carry each setting", () => {
    const settings = { priority: -2, keepSan: true, skipSanBoot: false, scriptlet: "shell", useCached: true };
    expect(readIpxeOptions(having(ipxeOption(settings)))).toEqual([
      option(1, 254),
      option(8, 1),
      option(9, 0),
      option(81, ...bytesFromText("shell")),
      option(178, 1),
    ]);
    expect(() => ipxeOption({})).toThrow(EncodeError);
    expect(() => ipxeOption({ priority: 128 })).toThrow(EncodeError);
  });

  test("of a client say its version, card and features", () => {
    const data = [0xb1, 5, 1, 0x1a, 0xf4, 0x10, 0, 0xeb, 3, 1, 21, 1, 0x13, 1, 1, 0x24, 1, 1, 0x2f, 1, 1];
    expect(readIpxeFeatures(holding(175, ...data))).toEqual({
      version: "1.21.1",
      bus: "pci 1af4:1000",
      features: ["http", "efi", "0x2f"],
    });
    expect(readIpxeFeatures(having())).toBeUndefined();
    expect(readIpxeFeatures(holding(175))).toEqual({ version: undefined, bus: undefined, features: [] });
    expect(() => readIpxeFeatures(holding(175, 0x13, 2, 1))).toThrow(DecodeError);
  });
});

describe("relay agent information (option 82)", () => {
  test("gives circuit, remote, link selection (RFC 3527) and server id override (RFC 5107)", () => {
    const subOptions = [
      option(1, 118, 114),
      option(2, 1),
      option(5, 10, 77, 0, 0),
      option(11, 10, 77, 0, 1),
      option(151, 9),
    ];
    expect(readRelayInfo(having(relayInfoOption(subOptions)))).toEqual({
      circuitId: Uint8Array.of(118, 114),
      remoteId: Uint8Array.of(1),
      linkSelection: parseIpv4("10.77.0.0"),
      serverIdOverride: parseIpv4("10.77.0.1"),
      subOptions,
    });
    expect(readRelayInfo(having())).toBeUndefined();
  });

  test("knows neither PAD nor END (RFC 3046 section 2.0)", () => {
    expect(readRelayInfo(holding(82, 0, 1, 7, 255, 1, 8))?.subOptions).toEqual([option(0, 7), option(255, 8)]);
  });

  test.each([[[1, 5, 1]], [[1]], [[5, 3, 10, 0, 0]], [[11, 5, 1, 1, 1, 1, 1]]])("%j is refused", (data) => {
    expect(() => readRelayInfo(holding(82, ...data))).toThrow(DecodeError);
  });
});

describe("the client's identity (R18)", () => {
  const blank = new Uint8Array(240);
  blank.set([1, 1, 6]);
  blank.set([0x52, 0x54, 0, 0x77, 0, 1], 28);
  blank.set([99, 130, 83, 99], 236);
  const message = decodeDhcp4(blank);

  test("is the MAC of chaddr, whatever option 61 says", () => {
    const options = [option(OPTION.clientId, 1, 9, 9, 9, 9, 9, 9)];
    expect(readClientMac({ ...message, options })).toBe("52:54:00:77:00:01");
  });

  test("is the MAC of option 61 where chaddr holds none (RFC 4390)", () => {
    const options = [option(OPTION.clientId, 1, 2, 0, 0, 0, 0, 9)];
    expect(readClientMac({ ...message, hardwareType: 32, hardwareLength: 0, options })).toBe("02:00:00:00:00:09");
  });

  test("is not a MAC on other links, nor a DUID", () => {
    const duid = [option(OPTION.clientId, 255, 1, 2, 3, 4, 5, 6)];
    expect(readClientMac({ ...message, hardwareType: 6, hardwareLength: 8 })).toBeUndefined();
    expect(readClientMac({ ...message, hardwareLength: 0, options: duid })).toBeUndefined();
    expect(readClientMac({ ...message, hardwareLength: 0 })).toBeUndefined();
  });

  test("option 61 is a type and at least one byte (RFC 2132 section 9.14)", () => {
    expect(readClientId(holding(61, 255, 7))).toEqual({ type: 255, value: Uint8Array.of(7) });
    expect(() => readClientId(holding(61, 255))).toThrow(DecodeError);
    expect(() => readClientId(holding(61))).toThrow(DecodeError);
  });
});
