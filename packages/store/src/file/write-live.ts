import type { OpenFile } from "./file-system.ts";
import { headerLine } from "./journal-line.ts";
import type { LiveLines } from "./live-lines.ts";

const CHUNK_CHARACTERS = 256 * 1024;

/**
 * Fills an empty file with a header and all live lines; resolves with the number of bytes. In pieces, so that
 * other work gets its turn between them.
 */
export async function writeLive(file: OpenFile, live: LiveLines): Promise<number> {
  let offset = 0;
  let text = headerLine();
  for (const line of live.lines()) {
    text += line;
    if (text.length >= CHUNK_CHARACTERS) {
      const bytes = Buffer.from(text);
      text = "";
      await file.write(bytes, offset);
      offset += bytes.byteLength;
    }
  }
  const rest = Buffer.from(text);
  await file.write(rest, offset);
  return offset + rest.byteLength;
}
