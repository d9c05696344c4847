import { type Ipv4Address, ipv4FromNumber, ipv4ToNumber, ZERO_IPV4 } from "../address.ts";
import { ByteReader, DecodeError, EncodeError } from "../bytes.ts";
import { type Dhcp4Option, decodeTlvs, encodedSize, encodeInstances, joinInstances } from "./option-area.ts";
import { OPTION } from "./option-codes.ts";

/** A DHCP message, RFC 2131 section 2. Byte fields are views of the datagram it was decoded from. */
export interface Dhcp4Message {
  readonly op: "request" | "reply";
  /** `htype`; 1 is Ethernet. */
  readonly hardwareType: number;
  /** `hlen`, 0..16: how many bytes of `chaddr` are the address. */
  readonly hardwareLength: number;
  readonly hops: number;
  /** Unsigned 32 bit. */
  readonly xid: number;
  /** As sent. EDK2 writes it with its bytes swapped: 4 seconds arrive as 1024. */
  readonly secs: number;
  readonly broadcast: boolean;
  /** The other 15 bits of `flags`, which must be zero and are kept as they came. */
  readonly reservedFlags: number;
  readonly ciaddr: Ipv4Address;
  readonly yiaddr: Ipv4Address;
  readonly siaddr: Ipv4Address;
  readonly giaddr: Ipv4Address;
  /** 16 bytes. */
  readonly chaddr: Uint8Array;
  /** 64 bytes, raw; all zero when it carried options. */
  readonly sname: Uint8Array;
  /** 128 bytes, raw; all zero when it carried options. */
  readonly file: Uint8Array;
  /** One entry a code, in order of first appearance. */
  readonly options: readonly Dhcp4Option[];
}

export interface Dhcp4Limits {
  /** Largest datagram the receiver takes, in bytes of UDP payload. Default: as much as UDP carries. */
  readonly maxSize?: number;
  /** Padded with zeros up to this size. Default 300, the size of a BOOTP message, which old relays insist on. */
  readonly minSize?: number;
  /** Options followed by one PAD byte: pre-2015 UEFI reads one byte past option 67 (rule R5). */
  readonly padAfter?: readonly number[];
}

const MAGIC_COOKIE = 0x63825363;
const CHADDR_OFFSET = 28;
const SNAME_OFFSET = 44;
const FILE_OFFSET = 108;
const COOKIE_OFFSET = 236;
const OPTIONS_OFFSET = 240;
const CHADDR_LENGTH = 16;
const SNAME_LENGTH = 64;
const FILE_LENGTH = 128;
const BOOTP_SIZE = 300;
const MAX_UDP_PAYLOAD = 65507;
const PAD = 0;
const END = 255;
const FILE_HOLDS_OPTIONS = 1;
const SNAME_HOLDS_OPTIONS = 2;

/**
 * Decodes one datagram (RFC 2131 section 2, RFC 2132). Options may continue in `file` and `sname` (option 52,
 * RFC 2131 section 4.1) and in further instances (RFC 3396). A field that ends without an END option is accepted,
 * because senders that fill it exactly leave END out; one that ends within an option is not.
 * Throws {@link DecodeError}.
 */
export function decodeDhcp4(datagram: Uint8Array): Dhcp4Message {
  const reader = new ByteReader(datagram);
  if (datagram.length < OPTIONS_OFFSET) {
    throw new DecodeError(`a DHCP message has at least ${OPTIONS_OFFSET} bytes, not ${datagram.length}`, 0);
  }
  const op = decodeOp(reader.uint8("op"));
  const hardwareType = reader.uint8("htype");
  const hardwareLength = reader.uint8("hlen");
  if (hardwareLength > CHADDR_LENGTH) throw new DecodeError(`hlen is ${hardwareLength}, chaddr has 16 bytes`, 2);
  const hops = reader.uint8("hops");
  const xid = reader.uint32("xid");
  const secs = reader.uint16("secs");
  const flags = reader.uint16("flags");
  const ciaddr = decodeAddress(reader.uint32("ciaddr"));
  const yiaddr = decodeAddress(reader.uint32("yiaddr"));
  const siaddr = decodeAddress(reader.uint32("siaddr"));
  const giaddr = decodeAddress(reader.uint32("giaddr"));
  const chaddr = reader.bytes(CHADDR_LENGTH, "chaddr");
  const sname = reader.bytes(SNAME_LENGTH, "sname");
  const file = reader.bytes(FILE_LENGTH, "file");
  if (reader.uint32("magic cookie") !== MAGIC_COOKIE) {
    throw new DecodeError("the magic cookie is not 99.130.83.99", COOKIE_OFFSET);
  }
  const area = decodeOptionAreas(reader.rest(), file, sname);
  return {
    op,
    hardwareType,
    hardwareLength,
    hops,
    xid,
    secs,
    broadcast: flags >= 0x8000,
    reservedFlags: flags & 0x7fff,
    ciaddr,
    yiaddr,
    siaddr,
    giaddr,
    chaddr,
    sname: (area.overload & SNAME_HOLDS_OPTIONS) === 0 ? sname : new Uint8Array(SNAME_LENGTH),
    file: (area.overload & FILE_HOLDS_OPTIONS) === 0 ? file : new Uint8Array(FILE_LENGTH),
    options: area.options,
  };
}

function decodeOp(op: number): Dhcp4Message["op"] {
  if (op === 1) return "request";
  if (op === 2) return "reply";
  throw new DecodeError(`op is ${op}, neither 1 (request) nor 2 (reply)`, 0);
}

function decodeAddress(value: number): Ipv4Address {
  return value === 0 ? ZERO_IPV4 : ipv4FromNumber(value);
}

interface OptionAreas {
  readonly options: readonly Dhcp4Option[];
  /** The value of option 52, 0 when absent. */
  readonly overload: number;
}

function decodeOptionAreas(field: Uint8Array, file: Uint8Array, sname: Uint8Array): OptionAreas {
  const inField = decodeTlvs(field, OPTIONS_OFFSET);
  const overload = readOverload(inField);
  if (overload === 0) return { options: joinInstances(inField), overload };
  // RFC 2131 section 4.1: the options field first, then file, then sname.
  const inFile = (overload & FILE_HOLDS_OPTIONS) === 0 ? [] : decodeTlvs(file, FILE_OFFSET);
  const inSname = (overload & SNAME_HOLDS_OPTIONS) === 0 ? [] : decodeTlvs(sname, SNAME_OFFSET);
  if ([...inFile, ...inSname].some(isOverload)) {
    throw new DecodeError("option 52 stands inside an overloaded field", SNAME_OFFSET);
  }
  const instances = [...inField, ...inFile, ...inSname].filter((option) => !isOverload(option));
  return { options: joinInstances(instances), overload };
}

function isOverload(option: Dhcp4Option): boolean {
  return option.code === OPTION.overload;
}

function readOverload(instances: readonly Dhcp4Option[]): number {
  const [option, ...more] = instances.filter(isOverload);
  if (option === undefined) return 0;
  const value = option.data[0] ?? 0;
  if (more.length > 0 || option.data.length !== 1 || value < 1 || value > 3) {
    throw new DecodeError("option 52 is not one byte of value 1, 2 or 3", OPTIONS_OFFSET);
  }
  return value;
}

/**
 * Encodes a message. Options keep their order, except that 53 comes first and 82 last (RFC 3046 section 2.1).
 * Values over 255 bytes are split (RFC 3396); `file` and `sname` are never overloaded, because iPXE takes the
 * options in them for a file name (rule R4). Throws {@link EncodeError}: `too-large` when it exceeds `maxSize`,
 * `bad-value` for a field that is out of its range or an option given twice.
 */
export function encodeDhcp4(message: Dhcp4Message, limits: Dhcp4Limits = {}): Uint8Array {
  checkFields(message);
  const options = inSendingOrder(message.options);
  const padAfter = limits.padAfter ?? [];
  const needed =
    OPTIONS_OFFSET +
    options.reduce((size, option) => size + encodedSize(option) + (padAfter.includes(option.code) ? 1 : 0), 1);
  const maxSize = limits.maxSize ?? MAX_UDP_PAYLOAD;
  if (needed > maxSize) throw new EncodeError("too-large", `the message has ${needed} bytes, ${maxSize} are allowed`);
  const bytes = new Uint8Array(Math.max(needed, Math.min(limits.minSize ?? BOOTP_SIZE, maxSize)));
  encodeHeader(message, bytes);
  let offset = OPTIONS_OFFSET;
  for (const option of options) {
    offset = encodeInstances(option, bytes, offset);
    if (padAfter.includes(option.code)) offset += 1;
  }
  bytes[offset] = END;
  return bytes;
}

function encodeHeader(message: Dhcp4Message, bytes: Uint8Array): void {
  const view = new DataView(bytes.buffer);
  view.setUint8(0, message.op === "request" ? 1 : 2);
  view.setUint8(1, message.hardwareType);
  view.setUint8(2, message.hardwareLength);
  view.setUint8(3, message.hops);
  view.setUint32(4, message.xid);
  view.setUint16(8, message.secs);
  view.setUint16(10, (message.broadcast ? 0x8000 : 0) | message.reservedFlags);
  view.setUint32(12, ipv4ToNumber(message.ciaddr));
  view.setUint32(16, ipv4ToNumber(message.yiaddr));
  view.setUint32(20, ipv4ToNumber(message.siaddr));
  view.setUint32(24, ipv4ToNumber(message.giaddr));
  bytes.set(message.chaddr, CHADDR_OFFSET);
  bytes.set(message.sname, SNAME_OFFSET);
  bytes.set(message.file, FILE_OFFSET);
  view.setUint32(COOKIE_OFFSET, MAGIC_COOKIE);
}

function inSendingOrder(options: readonly Dhcp4Option[]): readonly Dhcp4Option[] {
  const last = options.length - 1;
  const ordered = options.every(({ code }, index) =>
    code === OPTION.relayInfo ? index === last : code !== OPTION.messageType || index === 0,
  );
  if (ordered) return options;
  const types = options.filter(({ code }) => code === OPTION.messageType);
  const relayInfo = options.filter(({ code }) => code === OPTION.relayInfo);
  const between = options.filter(({ code }) => code !== OPTION.messageType && code !== OPTION.relayInfo);
  return [...types, ...between, ...relayInfo];
}

function checkFields(message: Dhcp4Message): void {
  checkRange("hardwareType", message.hardwareType, 0xff);
  checkRange("hardwareLength", message.hardwareLength, CHADDR_LENGTH);
  checkRange("hops", message.hops, 0xff);
  checkRange("xid", message.xid, 0xffffffff);
  checkRange("secs", message.secs, 0xffff);
  checkRange("reservedFlags", message.reservedFlags, 0x7fff);
  checkLength("chaddr", message.chaddr, CHADDR_LENGTH);
  checkLength("sname", message.sname, SNAME_LENGTH);
  checkLength("file", message.file, FILE_LENGTH);
  for (const [index, { code }] of message.options.entries()) {
    if (!Number.isInteger(code) || code <= PAD || code >= END || code === OPTION.overload) {
      throw new EncodeError("bad-value", `option ${code} cannot be sent`);
    }
    for (let other = 0; other < index; other += 1) {
      if (message.options[other]?.code === code) throw new EncodeError("bad-value", `option ${code} is given twice`);
    }
  }
}

function checkRange(name: string, value: number, max: number): void {
  if (!Number.isInteger(value) || value < 0 || value > max) {
    throw new EncodeError("bad-value", `${name} is ${value}, not a whole number 0..${max}`);
  }
}

function checkLength(name: string, bytes: Uint8Array, length: number): void {
  if (bytes.length !== length) throw new EncodeError("bad-value", `${name} has ${bytes.length} bytes, not ${length}`);
}
