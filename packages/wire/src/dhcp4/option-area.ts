import { concatBytes, DecodeError, EncodeError } from "../bytes.ts";

export interface Dhcp4Option {
  /** 1..254; in a message never 52, which only says how the others were laid out. */
  readonly code: number;
  /** In a message of any length: instances are joined on the way in and split on the way out (RFC 3396). */
  readonly data: Uint8Array;
}

const PAD = 0;
const END = 255;
const MAX_INSTANCE = 255;

/**
 * The code-length-value triples of one area, one entry each, up to END (255) or the end of the area; PAD (0) is
 * skipped (RFC 2132 section 2). `areaOffset` is where the area begins in the datagram, for the error.
 * Throws {@link DecodeError} when the area ends within a triple.
 */
export function decodeTlvs(area: Uint8Array, areaOffset = 0): Dhcp4Option[] {
  const instances: Dhcp4Option[] = [];
  let offset = 0;
  while (offset < area.length) {
    const code = area[offset];
    if (code === undefined || code === END) break;
    if (code === PAD) {
      offset += 1;
    } else {
      const data = dataAt(area, offset, areaOffset);
      instances.push({ code, data });
      offset += 2 + data.length;
    }
  }
  return instances;
}

/** As {@link decodeTlvs} where 0 and 255 are codes like any other: relay agent information, RFC 3046 section 2.0. */
export function decodePlainTlvs(area: Uint8Array): Dhcp4Option[] {
  const instances: Dhcp4Option[] = [];
  let offset = 0;
  while (offset < area.length) {
    const data = dataAt(area, offset, 0);
    instances.push({ code: area[offset] ?? 0, data });
    offset += 2 + data.length;
  }
  return instances;
}

function dataAt(area: Uint8Array, offset: number, areaOffset: number): Uint8Array {
  const length = area[offset + 1];
  if (length === undefined) throw new DecodeError(`option ${area[offset]} has no length`, areaOffset + offset);
  const left = area.length - offset - 2;
  if (length > left) {
    throw new DecodeError(`option ${area[offset]} needs ${length} bytes, ${left} are left`, areaOffset + offset);
  }
  return area.subarray(offset + 2, offset + 2 + length);
}

/** Instances of one code become one option at the place of the first (RFC 3396 section 7). */
export function joinInstances(instances: readonly Dhcp4Option[]): readonly Dhcp4Option[] {
  const parts = new Map<number, Uint8Array[]>();
  for (const { code, data } of instances) {
    const known = parts.get(code);
    if (known === undefined) parts.set(code, [data]);
    else known.push(data);
  }
  if (parts.size === instances.length) return instances;
  return Array.from(parts, ([code, [first = new Uint8Array(), ...more]]) => ({
    code,
    data: more.length === 0 ? first : concatBytes([first, ...more]),
  }));
}

/** Bytes {@link encodeInstances} will write. */
export function encodedSize(option: Dhcp4Option): number {
  return option.data.length + 2 * Math.max(1, Math.ceil(option.data.length / MAX_INSTANCE));
}

/** Writes the option at `start`, in instances of at most 255 bytes (RFC 3396 section 6), and gives the offset after it. */
export function encodeInstances(option: Dhcp4Option, bytes: Uint8Array, start: number): number {
  if (option.data.length <= MAX_INSTANCE) return encodeInstance(option.code, option.data, bytes, start);
  let offset = start;
  let from = 0;
  do {
    offset = encodeInstance(option.code, option.data.subarray(from, from + MAX_INSTANCE), bytes, offset);
    from += MAX_INSTANCE;
  } while (from < option.data.length);
  return offset;
}

function encodeInstance(code: number, data: Uint8Array, bytes: Uint8Array, offset: number): number {
  bytes[offset] = code;
  bytes[offset + 1] = data.length;
  bytes.set(data, offset + 2);
  return offset + 2 + data.length;
}

/** Sub-options one after another, without END. Throws {@link EncodeError} for a value over 255 bytes. */
export function encodeTlvs(options: readonly Dhcp4Option[]): Uint8Array {
  for (const { code, data } of options) {
    if (!Number.isInteger(code) || code < 0 || code > 0xff) throw new EncodeError("bad-value", `no sub-option ${code}`);
    if (data.length > MAX_INSTANCE) {
      throw new EncodeError("bad-value", `sub-option ${code} has ${data.length} bytes, 255 are allowed`);
    }
  }
  const bytes = new Uint8Array(options.reduce((size, option) => size + encodedSize(option), 0));
  let offset = 0;
  for (const option of options) offset = encodeInstances(option, bytes, offset);
  return bytes;
}
