import { open } from "node:fs/promises";
import { setTimeout } from "node:timers/promises";

const LOOK_EVERY_MS = 20;

/** Resolves when a text stands in a file that grows. */
export async function untilWritten(path: string, text: string, signal: AbortSignal): Promise<void> {
  await using file = await open(path, "r");
  const chunk = Buffer.alloc(64 * 1024);
  let unread = "";
  for (;;) {
    const { bytesRead } = await file.read(chunk, 0, chunk.length);
    unread += chunk.toString("latin1", 0, bytesRead);
    if (unread.includes(text)) return;
    unread = unread.slice(-text.length);
    if (bytesRead === 0) await setTimeout(LOOK_EVERY_MS, undefined, { signal });
  }
}
