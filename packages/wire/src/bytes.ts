/**
 * The bytes are not what the format allows. `offset` counts from the start of what was decoded:
 * the datagram, or the option's value when a single option was read.
 */
export class DecodeError extends Error {
  override readonly name = "DecodeError";
  readonly code = "decode";
  readonly reason: string;
  readonly offset: number;

  constructor(reason: string, offset: number) {
    super(`${reason} (at byte ${offset})`);
    this.reason = reason;
    this.offset = offset;
  }
}

/** A value that cannot be written: it does not fit its field, or all together do not fit the datagram. */
export class EncodeError extends Error {
  override readonly name = "EncodeError";
  readonly code: "too-large" | "bad-value";

  constructor(code: EncodeError["code"], message: string) {
    super(message);
    this.code = code;
  }
}

/** Reads forward through bytes and gives exactly what was asked for, or throws {@link DecodeError}. Never copies. */
export class ByteReader {
  readonly #bytes: Uint8Array;
  #offset = 0;

  constructor(bytes: Uint8Array) {
    // A plain view: a Buffer's subarrays would be Buffers again and compare unequal to what an encoder was given.
    this.#bytes = new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.length);
  }

  get offset(): number {
    return this.#offset;
  }

  get remaining(): number {
    return this.#bytes.length - this.#offset;
  }

  uint8(what: string): number {
    const value = this.#bytes[this.#offset];
    if (value === undefined) throw new DecodeError(`${what} is missing`, this.#offset);
    this.#offset += 1;
    return value;
  }

  uint16(what: string): number {
    return this.uint8(what) * 0x100 + this.uint8(what);
  }

  /** Unsigned. */
  uint32(what: string): number {
    return this.uint16(what) * 0x10000 + this.uint16(what);
  }

  bytes(length: number, what: string): Uint8Array {
    if (length > this.remaining) {
      throw new DecodeError(`${what} needs ${length} bytes, ${this.remaining} are left`, this.#offset);
    }
    const start = this.#offset;
    this.#offset += length;
    return this.#bytes.subarray(start, this.#offset);
  }

  rest(): Uint8Array {
    return this.bytes(this.remaining, "rest");
  }

  /** The text before the next NUL; the NUL is consumed. Throws when there is none. */
  terminatedText(what: string): string {
    const end = this.#bytes.indexOf(0, this.#offset);
    if (end === -1) throw new DecodeError(`${what} is not terminated by NUL`, this.#offset);
    const text = textFromBytes(this.#bytes.subarray(this.#offset, end));
    this.#offset = end + 1;
    return text;
  }
}

/**
 * One character for each byte (ISO 8859-1). Firmware sends names that are not UTF-8, old UEFI a trailing 0xff
 * (rule R5): this loses nothing and never fails.
 */
export function textFromBytes(bytes: Uint8Array): string {
  let text = "";
  for (let index = 0; index < bytes.length; index += 4096) {
    text += String.fromCharCode(...bytes.subarray(index, index + 4096));
  }
  return text;
}

/** The inverse of {@link textFromBytes}. Throws {@link EncodeError} on a character above U+00FF. */
export function bytesFromText(text: string): Uint8Array {
  const bytes = new Uint8Array(text.length);
  for (let index = 0; index < text.length; index += 1) {
    const code = text.charCodeAt(index);
    if (code > 0xff)
      throw new EncodeError("bad-value", `${JSON.stringify(text)} has a character of more than one byte`);
    bytes[index] = code;
  }
  return bytes;
}

/** Lower-case hexadecimal digits without separators. */
export function hexFromBytes(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

/** One array holding the parts one after another. */
export function concatBytes(parts: readonly Uint8Array[]): Uint8Array {
  const joined = new Uint8Array(parts.reduce((length, part) => length + part.length, 0));
  let offset = 0;
  for (const part of parts) {
    joined.set(part, offset);
    offset += part.length;
  }
  return joined;
}

/** Big-endian bytes of an unsigned whole number. Throws {@link EncodeError} when it needs more than `width` bytes. */
export function bytesFromNumber(value: number, width: 1 | 2 | 4): Uint8Array {
  if (!Number.isInteger(value) || value < 0 || value >= 256 ** width) {
    throw new EncodeError("bad-value", `${value} is not an unsigned number of ${width * 8} bits`);
  }
  const bytes = new Uint8Array(width);
  let left = value;
  for (let index = width - 1; index >= 0; index -= 1) {
    bytes[index] = left & 0xff;
    left = Math.floor(left / 256);
  }
  return bytes;
}

/** Printable ASCII in quotes, everything else as `\xNN`. */
export function quoted(text: string): string {
  const escaped = text.replace(/[^\x20-\x7e]|["\\]/g, (character) =>
    character === '"' || character === "\\"
      ? `\\${character}`
      : `\\x${character.charCodeAt(0).toString(16).padStart(2, "0")}`,
  );
  return `"${escaped}"`;
}
