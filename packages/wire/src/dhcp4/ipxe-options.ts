import { bytesFromText, EncodeError } from "../bytes.ts";
import { type Dhcp4Option, decodeTlvs, encodeTlvs } from "./option-area.ts";
import { OPTION } from "./option-codes.ts";
import { findOption, type WithOptions } from "./options.ts";

/** Encapsulated options of option 175 that iPXE's requests carry to say what it can do. */
const FEATURES: ReadonlyMap<number, string> = new Map([
  [0x10, "pxe-ext"],
  [0x11, "iscsi"],
  [0x12, "aoe"],
  [0x13, "http"],
  [0x14, "https"],
  [0x15, "tftp"],
  [0x16, "ftp"],
  [0x17, "dns"],
  [0x18, "bzimage"],
  [0x19, "multiboot"],
  [0x1a, "slam"],
  [0x1b, "srp"],
  [0x20, "nbi"],
  [0x21, "pxe"],
  [0x22, "elf"],
  [0x23, "comboot"],
  [0x24, "efi"],
  [0x25, "fcoe"],
  [0x26, "vlan"],
  [0x27, "menu"],
  [0x28, "sdi"],
  [0x29, "nfs"],
]);
const PRIORITY = 1;
const KEEP_SAN = 8;
const SKIP_SAN_BOOT = 9;
const SCRIPTLET = 81;
const NO_PXE_DHCP = 176;
const BUS_ID = 177;
const USE_CACHED = 178;
const VERSION = 235;

/** What an iPXE client tells about itself. */
export interface IpxeFeatures {
  /** `1.0.0`; undefined when it does not say. */
  readonly version: string | undefined;
  /** By name, in the order sent; `0x2a` for one without a name here. */
  readonly features: readonly string[];
  /** The card, `pci 1af4:1000`; undefined when it does not say. */
  readonly bus: string | undefined;
}

const BUS_TYPES: ReadonlyMap<number, string> = new Map([
  [1, "pci"],
  [2, "isapnp"],
  [3, "eisa"],
  [4, "mca"],
  [5, "isa"],
]);

/** What option 175 of a request says; undefined when the client is not iPXE. Throws DecodeError when it is cut short. */
export function readIpxeFeatures(message: WithOptions): IpxeFeatures | undefined {
  const options = readIpxeOptions(message);
  if (options === undefined) return undefined;
  const find = (code: number): Uint8Array | undefined => options.find((option) => option.code === code)?.data;
  const bus = find(BUS_ID);
  return {
    version: find(VERSION)?.join("."),
    features: options.flatMap(({ code }) => {
      if (code < 0x10 || code > 0x4f) return [];
      return [FEATURES.get(code) ?? `0x${code.toString(16)}`];
    }),
    bus: bus?.length === 5 ? busName(bus) : undefined,
  };
}

function busName(data: Uint8Array): string {
  const view = new DataView(data.buffer, data.byteOffset, data.length);
  const hex = (offset: number): string => view.getUint16(offset).toString(16).padStart(4, "0");
  return `${BUS_TYPES.get(view.getUint8(0)) ?? `bus-${view.getUint8(0)}`} ${hex(1)}:${hex(3)}`;
}

/** The encapsulated options of option 175, in order. Throws DecodeError when one is cut short. */
export function readIpxeOptions(message: WithOptions): readonly Dhcp4Option[] | undefined {
  const data = findOption(message, OPTION.ipxe);
  return data === undefined ? undefined : decodeTlvs(data);
}

/** What a server may tell iPXE in option 175 (iPXE settings of the same meaning). */
export interface IpxeSettings {
  /** Do not wait up to 3 seconds for a proxyDHCP server (rule R9). */
  readonly noPxeDhcp?: boolean;
  /** Which of several offers wins: -128..127, 0 where absent. */
  readonly priority?: number;
  readonly keepSan?: boolean;
  readonly skipSanBoot?: boolean;
  /** Reuse the lease that the firmware obtained. */
  readonly useCached?: boolean;
  /** A script of one line, run before booting. */
  readonly scriptlet?: string;
}

/** Option 175 for a reply. Throws {@link EncodeError} when nothing is set or a value is out of its range. */
export function ipxeOption(settings: IpxeSettings): Dhcp4Option {
  const subOptions: Dhcp4Option[] = [];
  const flag = (code: number, value: boolean | undefined): void => {
    if (value !== undefined) subOptions.push({ code, data: Uint8Array.of(value ? 1 : 0) });
  };
  if (settings.priority !== undefined) {
    const { priority } = settings;
    if (!Number.isInteger(priority) || priority < -128 || priority > 127) {
      throw new EncodeError("bad-value", `iPXE's priority is -128..127, not ${priority}`);
    }
    subOptions.push({ code: PRIORITY, data: Uint8Array.of(priority) });
  }
  flag(KEEP_SAN, settings.keepSan);
  flag(SKIP_SAN_BOOT, settings.skipSanBoot);
  if (settings.scriptlet !== undefined) subOptions.push({ code: SCRIPTLET, data: bytesFromText(settings.scriptlet) });
  flag(NO_PXE_DHCP, settings.noPxeDhcp);
  flag(USE_CACHED, settings.useCached);
  if (subOptions.length === 0) throw new EncodeError("bad-value", "option 175 needs a setting");
  return { code: OPTION.ipxe, data: encodeTlvs(subOptions) };
}
