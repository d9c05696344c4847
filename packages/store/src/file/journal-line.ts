import { crc32 } from "node:zlib";

/**
 * One line of the journal: eight hexadecimal digits of the CRC-32 of the text, a space, the text as JSON, a
 * newline. JSON text has no newline of its own, so a damaged line never hides where the next one begins.
 */
export type JournalEntry =
  | { readonly kind: "header"; readonly version: number }
  | { readonly kind: "put"; readonly collection: string; readonly key: string; readonly value: unknown }
  | { readonly kind: "delete"; readonly collection: string; readonly key: string };

export type CorruptReason = "bad-checksum" | "bad-entry";

/** The version of the journal that this code writes, and the newest it reads. */
export const JOURNAL_VERSION = 1;

const FORMAT = "railhead-journal";
const CHECKSUM_DIGITS = 8;
const PREFIX_LENGTH = CHECKSUM_DIGITS + 1;
const DIGIT_0 = 0x30;
const LETTER_A = 0x61;
const SPACE = 0x20;

export function headerLine(version: number = JOURNAL_VERSION): string {
  return line(JSON.stringify({ format: FORMAT, version }));
}

/** @param valueJson the JSON text of the value */
export function putLine(collection: string, key: string, valueJson: string): string {
  return line(`[${JSON.stringify(collection)},${JSON.stringify(key)},${valueJson}]`);
}

export function deleteLine(collection: string, key: string): string {
  return line(JSON.stringify([collection, key]));
}

/** Reads a line without its newline. The checksum is taken of the bytes, before anything reads them as text. */
export function decodeLine(bytes: Buffer): JournalEntry | { readonly kind: "corrupt"; readonly reason: CorruptReason } {
  const body = bytes.subarray(PREFIX_LENGTH);
  if (bytes.byteLength < PREFIX_LENGTH || bytes[PREFIX_LENGTH - 1] !== SPACE || readChecksum(bytes) !== crc32(body)) {
    return { kind: "corrupt", reason: "bad-checksum" };
  }
  return entryOf(body.toString("utf8")) ?? { kind: "corrupt", reason: "bad-entry" };
}

function line(json: string): string {
  return `${crc32(json).toString(16).padStart(CHECKSUM_DIGITS, "0")} ${json}\n`;
}

/** Not `Number.parseInt`, which takes capitals and signs, and stops at what it does not know. */
function readChecksum(bytes: Buffer): number | undefined {
  let checksum = 0;
  for (let digit = 0; digit < CHECKSUM_DIGITS; digit += 1) {
    const code = bytes[digit] ?? 0;
    if (code >= DIGIT_0 && code <= DIGIT_0 + 9) {
      checksum = checksum * 16 + code - DIGIT_0;
    } else if (code >= LETTER_A && code <= LETTER_A + 5) {
      checksum = checksum * 16 + code - LETTER_A + 10;
    } else {
      return undefined;
    }
  }
  return checksum;
}

function entryOf(text: string): JournalEntry | undefined {
  const entry = jsonOf(text);
  if (Array.isArray(entry)) {
    const [collection, key, value]: readonly unknown[] = entry;
    if (typeof collection !== "string" || typeof key !== "string" || entry.length > 3) {
      return undefined;
    }
    return entry.length === 3 ? { kind: "put", collection, key, value } : { kind: "delete", collection, key };
  }
  if (typeof entry === "object" && entry !== null && "format" in entry && "version" in entry) {
    const { format, version } = entry;
    return format === FORMAT && typeof version === "number" ? { kind: "header", version } : undefined;
  }
  return undefined;
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
