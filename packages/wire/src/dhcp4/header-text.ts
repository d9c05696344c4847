import { bytesFromText, EncodeError, textFromBytes } from "../bytes.ts";

const SNAME_LENGTH = 64;
const FILE_LENGTH = 128;

/** The longest name the `file` field holds beside its NUL; a longer one goes in option 67 only (rule R3). */
export const MAX_FILE_FIELD_TEXT = FILE_LENGTH - 1;

/** The 128 bytes of the `file` field for this name. Throws {@link EncodeError} over 127 characters. */
export function fileField(name: string): Uint8Array {
  return paddedText("file", name, FILE_LENGTH);
}

/** The 64 bytes of the `sname` field for this name. Throws {@link EncodeError} over 63 characters. */
export function snameField(name: string): Uint8Array {
  return paddedText("sname", name, SNAME_LENGTH);
}

/** The text of `file` or `sname`, up to the first NUL or the end of the field. */
export function fieldText(field: Uint8Array): string {
  const end = field.indexOf(0);
  return textFromBytes(end === -1 ? field : field.subarray(0, end));
}

function paddedText(field: string, text: string, length: number): Uint8Array {
  if (text.length >= length) {
    throw new EncodeError("bad-value", `${field} holds ${length - 1} characters, not ${text.length}`);
  }
  const bytes = new Uint8Array(length);
  if (text !== "") bytes.set(bytesFromText(text));
  return bytes;
}
