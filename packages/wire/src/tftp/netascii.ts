const LF = 0x0a;
const CR = 0x0d;
const NUL = 0x00;

/** The file as netascii sends it (RFC 764, RFC 1350 section 1): LF becomes CR LF, CR becomes CR NUL. */
export function toNetascii(file: Uint8Array): Uint8Array {
  const added = file.reduce((count, byte) => (byte === LF || byte === CR ? count + 1 : count), 0);
  if (added === 0) return file;
  const converted = new Uint8Array(file.length + added);
  let offset = 0;
  for (const byte of file) {
    if (byte === LF) converted[offset++] = CR;
    converted[offset++] = byte;
    if (byte === CR) converted[offset++] = NUL;
  }
  return converted;
}
