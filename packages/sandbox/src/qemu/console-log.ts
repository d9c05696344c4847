import { open } from "node:fs/promises";

const TAIL_BYTES = 64 * 1024;

/** The last lines of a console log as a person would have read them. A log that is not there yet has none. */
export async function readConsoleTail(path: string, lines: number): Promise<readonly string[]> {
  const file = await open(path, "r").catch(() => undefined);
  if (file === undefined) {
    return [];
  }
  try {
    const { size } = await file.stat();
    const length = Math.min(size, TAIL_BYTES);
    const { buffer, bytesRead } = await file.read(Buffer.alloc(length), 0, length, size - length);
    return consoleLines(buffer.subarray(0, bytesRead).toString("latin1")).slice(-lines);
  } finally {
    await file.close();
  }
}

// ECMA-48: control sequences (CSI), operating system commands (OSC), and two-byte escapes.
// oxlint-disable-next-line eslint/no-control-regex
const ESCAPES = /\x1b\[[0-?]*[ -/]*[@-~]|\x1b\][^\x07\x1b]*(?:\x07|\x1b\\)|\x1b[ -~]/g;
// oxlint-disable-next-line eslint/no-control-regex
const CONTROLS = /[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f]/g;

/**
 * Serial output as lines without control sequences, which could otherwise move the cursor of whoever reads them; a line
 * that was overwritten by carriage returns (iPXE's progress) shows its last state. Blank lines are left out. Pure.
 */
export function consoleLines(text: string): readonly string[] {
  return text
    .replace(ESCAPES, "")
    .split("\n")
    .map((line) => line.split("\r").findLast((part) => part.trim() !== "") ?? "")
    .map((line) => line.replace(CONTROLS, "").trimEnd())
    .filter((line) => line !== "");
}
