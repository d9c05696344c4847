import { type Ipv4Address, ipv4FromNumber, ipv4ToNumber } from "../address.ts";
import {
  ByteReader,
  bytesFromNumber,
  bytesFromText,
  concatBytes,
  DecodeError,
  EncodeError,
  textFromBytes,
} from "../bytes.ts";
import type { Dhcp4Message } from "./message.ts";
import type { Dhcp4Option } from "./option-area.ts";
import { OPTION } from "./option-codes.ts";

/** RFC 2132 section 9.6, in order of their numbers, which begin at 1. */
const MESSAGE_TYPES = ["discover", "offer", "request", "decline", "ack", "nak", "release", "inform"] as const;

export type Dhcp4MessageType = (typeof MESSAGE_TYPES)[number];

/** What the readers need of a message. */
export type WithOptions = Pick<Dhcp4Message, "options">;

/** The value of an option, whole, or undefined when it is absent. */
export function findOption(message: WithOptions, code: number): Uint8Array | undefined {
  for (const option of message.options) if (option.code === code) return option.data;
  return undefined;
}

/** The message type (option 53); undefined in a BOOTP message. Throws {@link DecodeError} for types beyond RFC 2131. */
export function messageType(message: WithOptions): Dhcp4MessageType | undefined {
  const value = readUint8Option(message, OPTION.messageType);
  if (value === undefined) return undefined;
  const type = MESSAGE_TYPES[value - 1];
  if (type === undefined) throw new DecodeError(`message type ${value} is not one of RFC 2131`, 0);
  return type;
}

/** One unsigned byte. Throws {@link DecodeError} on any other length, as do the readers below. */
export function readUint8Option(message: WithOptions, code: number): number | undefined {
  return readNumber(message, code, 1);
}

export function readUint16Option(message: WithOptions, code: number): number | undefined {
  return readNumber(message, code, 2);
}

/** Unsigned: lease times, with 0xffffffff for "infinite". */
export function readUint32Option(message: WithOptions, code: number): number | undefined {
  return readNumber(message, code, 4);
}

export function readIpv4Option(message: WithOptions, code: number): Ipv4Address | undefined {
  const value = readUint32Option(message, code);
  return value === undefined ? undefined : ipv4FromNumber(value);
}

/** One address or more; undefined when the option is absent. */
export function readIpv4List(message: WithOptions, code: number): readonly Ipv4Address[] | undefined {
  return readList(message, code, 4, (reader) => ipv4FromNumber(reader.uint32("address")));
}

export function readUint16List(message: WithOptions, code: number): readonly number[] | undefined {
  return readList(message, code, 2, (reader) => reader.uint16("value"));
}

/** Text, one character a byte, without the trailing NULs some senders add (RFC 2132 section 2). */
export function readTextOption(message: WithOptions, code: number): string | undefined {
  const data = findOption(message, code);
  return data === undefined ? undefined : textWithoutNuls(data);
}

/** The codes the client asks for (option 55), as sent: EDK2's HTTP boot adds one of uninitialised memory. */
export function readParameterList(message: WithOptions): readonly number[] | undefined {
  const data = findOption(message, OPTION.parameterList);
  return data === undefined ? undefined : Array.from(data);
}

export function textWithoutNuls(data: Uint8Array): string {
  let end = data.length;
  while (end > 0 && data[end - 1] === 0) end -= 1;
  return textFromBytes(data.subarray(0, end));
}

function readNumber(message: WithOptions, code: number, width: number): number | undefined {
  const data = findOption(message, code);
  if (data === undefined) return undefined;
  if (data.length !== width) throw new DecodeError(`option ${code} has ${data.length} bytes, not ${width}`, 0);
  let value = 0;
  for (const byte of data) value = value * 256 + byte;
  return value;
}

function readList<T>(
  message: WithOptions,
  code: number,
  width: number,
  readOne: (reader: ByteReader) => T,
): readonly T[] | undefined {
  const data = findOption(message, code);
  if (data === undefined) return undefined;
  if (data.length === 0 || data.length % width !== 0) {
    throw new DecodeError(`option ${code} has ${data.length} bytes, not a multiple of ${width}`, 0);
  }
  const reader = new ByteReader(data);
  return Array.from({ length: data.length / width }, () => readOne(reader));
}

export function messageTypeOption(type: Dhcp4MessageType): Dhcp4Option {
  return uint8Option(OPTION.messageType, MESSAGE_TYPES.indexOf(type) + 1);
}

/** Throws {@link EncodeError} when no address is given, as an empty list cannot be sent. */
export function ipv4Option(code: number, ...addresses: readonly Ipv4Address[]): Dhcp4Option {
  if (addresses.length === 0) throw new EncodeError("bad-value", `option ${code} needs an address`);
  return { code, data: concatBytes(addresses.map((address) => bytesFromNumber(ipv4ToNumber(address), 4))) };
}

/** Without a terminating NUL. Throws {@link EncodeError} for empty text, which no text option allows. */
export function textOption(code: number, text: string): Dhcp4Option {
  if (text === "") throw new EncodeError("bad-value", `option ${code} cannot be empty text`);
  return { code, data: bytesFromText(text) };
}

export function uint8Option(code: number, value: number): Dhcp4Option {
  return { code, data: bytesFromNumber(value, 1) };
}

export function uint16Option(code: number, value: number): Dhcp4Option {
  return { code, data: bytesFromNumber(value, 2) };
}

export function uint32Option(code: number, value: number): Dhcp4Option {
  return { code, data: bytesFromNumber(value, 4) };
}

export function bytesOption(code: number, data: Uint8Array): Dhcp4Option {
  return { code, data };
}
