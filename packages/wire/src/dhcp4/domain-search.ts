import { ByteReader, bytesFromText, concatBytes, DecodeError, EncodeError, textFromBytes } from "../bytes.ts";
import type { Dhcp4Option } from "./option-area.ts";
import { OPTION } from "./option-codes.ts";
import { findOption, type WithOptions } from "./options.ts";

const LABEL = /^[\x21-\x2d\x2f-\x7e]{1,63}$/;
const MAX_NAME_LENGTH = 255;
const POINTER = 0xc0;
const MAX_POINTER = 0x3fff;

/**
 * Option 119 (RFC 3397): names to try when a bare host name is looked up. Compressed with pointers (RFC 1035
 * section 4.1.4) unless told otherwise. A trailing dot is accepted.
 * Throws {@link EncodeError} for an empty list, a label that is empty, over 63 bytes or not printable ASCII,
 * and for a name over 255 bytes.
 */
export function domainSearchOption(names: readonly string[], form: { readonly compress?: boolean } = {}): Dhcp4Option {
  if (names.length === 0) throw new EncodeError("bad-value", "option 119 needs a name");
  const compress = form.compress ?? true;
  const parts: Uint8Array[] = [];
  const offsets = new Map<string, number>();
  let offset = 0;
  const write = (part: Uint8Array): void => {
    parts.push(part);
    offset += part.length;
  };
  for (const name of names) {
    const labels = labelsOf(name);
    let pointer: number | undefined;
    for (const [index, label] of labels.entries()) {
      const suffix = labels.slice(index).join(".").toLowerCase();
      pointer = compress ? offsets.get(suffix) : undefined;
      if (pointer !== undefined) break;
      if (offset <= MAX_POINTER) offsets.set(suffix, offset);
      write(Uint8Array.of(label.length, ...bytesFromText(label)));
    }
    write(pointer === undefined ? Uint8Array.of(0) : Uint8Array.of(POINTER | (pointer >> 8), pointer & 0xff));
  }
  return { code: OPTION.domainSearch, data: concatBytes(parts) };
}

function labelsOf(name: string): readonly string[] {
  const labels = name.replace(/\.$/, "").split(".");
  const bad = labels.find((label) => !LABEL.test(label));
  if (bad !== undefined) throw new EncodeError("bad-value", `${JSON.stringify(name)} is not a domain name`);
  if (encodedLength(labels) > MAX_NAME_LENGTH) throw new EncodeError("bad-value", `${name} is over 255 bytes`);
  return labels;
}

function encodedLength(labels: readonly string[]): number {
  return labels.reduce((length, label) => length + 1 + label.length, 1);
}

/**
 * The names of option 119, without trailing dots. Pointers may only go backwards, so no name is endless.
 * Throws {@link DecodeError}.
 */
export function readDomainSearch(message: WithOptions): readonly string[] | undefined {
  const data = findOption(message, OPTION.domainSearch);
  if (data === undefined) return undefined;
  const names: string[] = [];
  let offset = 0;
  while (offset < data.length) {
    const { labels, end } = readName(data, offset);
    if (labels.length === 0) throw new DecodeError("the root is not a search domain", offset);
    names.push(labels.join("."));
    offset = end;
  }
  return names;
}

/** The name at `start`; `end` is the offset after its terminating zero or its first pointer. */
function readName(data: Uint8Array, start: number): { readonly labels: readonly string[]; readonly end: number } {
  const labels: string[] = [];
  let runStart = start;
  let offset = start;
  let end: number | undefined;
  for (;;) {
    const reader = new ByteReader(data.subarray(offset));
    const length = reader.uint8("label length");
    if (length === 0) return { labels, end: end ?? offset + 1 };
    if (length >= POINTER) {
      const target = (length - POINTER) * 256 + reader.uint8("pointer");
      end ??= offset + 2;
      if (target >= runStart) throw new DecodeError(`the pointer to ${target} does not go backwards`, offset);
      runStart = target;
      offset = target;
    } else {
      if (length > 63) throw new DecodeError(`a label of type ${length >> 6} is not known`, offset);
      const label = textFromBytes(reader.bytes(length, "label"));
      if (!LABEL.test(label)) throw new DecodeError("a label is not printable ASCII", offset);
      labels.push(label);
      if (encodedLength(labels) > MAX_NAME_LENGTH) throw new DecodeError("a name is over 255 bytes", start);
      offset += 1 + length;
    }
  }
}
