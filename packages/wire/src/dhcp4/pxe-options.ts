import { ByteReader, bytesFromText, concatBytes, DecodeError, EncodeError, hexFromBytes } from "../bytes.ts";
import type { Dhcp4Option } from "./option-area.ts";
import { OPTION } from "./option-codes.ts";
import { findOption, readTextOption, readUint16List, textWithoutNuls, type WithOptions } from "./options.ts";

const VENDOR_CLASS_ARCHITECTURE = /^(?:PXE|HTTP)Client:Arch:(\d{5})(?::|$)/;

/**
 * The architectures of option 93, most wanted first; without it the one named by `PXEClient:Arch:NNNNN` in option 60;
 * without either none. Throws {@link DecodeError} when option 93 is not a list of 16-bit numbers.
 */
export function readArchitectures(message: WithOptions): readonly number[] {
  const listed = readUint16List(message, OPTION.architecture);
  if (listed !== undefined) return listed;
  const match = VENDOR_CLASS_ARCHITECTURE.exec(readTextOption(message, OPTION.vendorClass) ?? "");
  return match === null ? [] : [Number(match[1])];
}

/**
 * The user classes of option 77. RFC 3004 puts a length before each; iPXE and others send bare text. It is RFC 3004
 * when the lengths add up to the whole option, else bare.
 */
export function readUserClass(message: WithOptions): readonly string[] {
  const data = findOption(message, OPTION.userClass);
  if (data === undefined || data.length === 0) return [];
  const classes: string[] = [];
  let offset = 0;
  while (offset < data.length) {
    const length = data[offset] ?? 0;
    const end = offset + 1 + length;
    if (length === 0 || end > data.length) return [textWithoutNuls(data)];
    classes.push(textWithoutNuls(data.subarray(offset + 1, end)));
    offset = end;
  }
  return classes;
}

/** Option 77 as RFC 3004 section 4 lays it out. iPXE's own bare form is `textOption(OPTION.userClass, "iPXE")`. */
export function userClassOption(classes: readonly string[]): Dhcp4Option {
  const parts = classes.map((text) => bytesFromText(text));
  if (parts.length === 0 || parts.some((part) => part.length === 0 || part.length > 255)) {
    throw new EncodeError("bad-value", "a user class has 1 to 255 bytes, and there is at least one");
  }
  return { code: OPTION.userClass, data: concatBytes(parts.map((part) => Uint8Array.of(part.length, ...part))) };
}

/** Fields of an RFC 4122 UUID and whether firmware sends them little-endian, as SMBIOS stores them. */
const UUID_FIELDS = [
  { bytes: 4, swapped: true },
  { bytes: 2, swapped: true },
  { bytes: 2, swapped: true },
  { bytes: 2, swapped: false },
  { bytes: 6, swapped: false },
] as const;
const UUID_LENGTH = 16;
const UUID_TYPE = 0;

/**
 * The machine's UUID (option 97, RFC 4578 section 2.3) in its canonical form, as SMBIOS tools and iPXE's `${uuid}`
 * print it: the first three fields arrive little-endian. Undefined when the option is absent, empty (some Intel cards)
 * or of a type that is not UUID. Throws {@link DecodeError} on a UUID that does not have 16 bytes.
 */
export function readMachineUuid(message: WithOptions): string | undefined {
  const data = findOption(message, OPTION.uuid);
  if (data === undefined || data.length === 0 || data[0] !== UUID_TYPE) return undefined;
  if (data.length !== 1 + UUID_LENGTH) throw new DecodeError(`a UUID has 16 bytes, not ${data.length - 1}`, 1);
  const reader = new ByteReader(data.subarray(1));
  return UUID_FIELDS.map(({ bytes, swapped }) => {
    const field = reader.bytes(bytes, "uuid");
    return hexFromBytes(swapped ? field.toReversed() : field);
  }).join("-");
}

/** The inverse of {@link readMachineUuid}. Throws {@link EncodeError} when the text is not a UUID. */
export function machineUuidOption(uuid: string): Dhcp4Option {
  if (!/^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i.test(uuid)) {
    throw new EncodeError("bad-value", `${JSON.stringify(uuid)} is not a UUID`);
  }
  const fields = uuid.split("-").map((digits, index) => {
    const bytes = Uint8Array.from(digits.match(/../g) ?? [], (pair) => Number.parseInt(pair, 16));
    return UUID_FIELDS[index]?.swapped === true ? bytes.toReversed() : bytes;
  });
  return { code: OPTION.uuid, data: concatBytes([Uint8Array.of(UUID_TYPE), ...fields]) };
}

/** The network interface of option 94 (RFC 4578 section 2.2). */
export interface NetworkInterface {
  /** 1 is UNDI. */
  readonly type: number;
  readonly major: number;
  readonly minor: number;
}

/** Option 94. Throws {@link DecodeError} when it does not have three bytes. */
export function readNetworkInterface(message: WithOptions): NetworkInterface | undefined {
  const data = findOption(message, OPTION.undi);
  if (data === undefined) return undefined;
  const [type, major, minor, ...more] = data;
  if (type === undefined || major === undefined || minor === undefined || more.length > 0) {
    throw new DecodeError(`option 94 has ${data.length} bytes, not 3`, 0);
  }
  return { type, major, minor };
}
