import { join } from "node:path";
import type { FileSystem } from "./file-system.ts";
import type { CorruptLine } from "./scan-journal.ts";

const FILE_NAME = /^lines-(\d+)$/;

/** The file that the next corrupt lines go to: `quarantine/lines-N` in the directory of the store. */
export async function nextQuarantineFile(fileSystem: FileSystem, directory: string): Promise<string> {
  const quarantine = join(directory, "quarantine");
  const taken = (await fileSystem.list(quarantine)).map((name) => Number(FILE_NAME.exec(name)?.[1] ?? 0));
  return join(quarantine, `lines-${Math.max(0, ...taken) + 1}`);
}

/**
 * Keeps corrupt lines for a person to look at: before each, a line of JSON that says where it was and what is
 * wrong with it; then its bytes as they were.
 */
export async function quarantine(fileSystem: FileSystem, path: string, lines: readonly CorruptLine[]): Promise<void> {
  const directory = join(path, "..");
  await fileSystem.makeDirectory(directory);
  const file = await fileSystem.open(path, "replace");
  try {
    await file.write(Buffer.concat(lines.map(describe)), 0);
    await file.datasync();
  } finally {
    await file.close();
  }
  await fileSystem.syncDirectory(directory);
}

function describe({ line, offset, content, reason }: CorruptLine): Buffer {
  const facts = { line, offset, bytes: content.byteLength, reason };
  return Buffer.concat([Buffer.from(`${JSON.stringify(facts)}\n`), content, Buffer.from("\n")]);
}
