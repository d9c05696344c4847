import { mkdtempSync, rmSync, statSync, utimesSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { beforeAll, expect, test } from "vitest";
import type { DiskFile } from "./boot-files.ts";
import { ContentCache, type ContentLease } from "./content-cache.ts";

let directory: string;
beforeAll(() => {
  directory = mkdtempSync(join(tmpdir(), "railhead-cache-"));
  return () => rmSync(directory, { recursive: true });
});

function file(name: string, content: string, mtime = 1000): DiskFile {
  const path = join(directory, name);
  writeFileSync(path, content);
  utimesSync(path, mtime, mtime);
  const { size, mtimeMs } = statSync(path);
  return { path, size, mtimeMs, stamp: `${mtimeMs}:${size}` };
}

async function take(cache: ContentCache, from: DiskFile, mode: "octet" | "netascii" = "octet"): Promise<ContentLease> {
  const lease = await cache.take(from, mode);
  if ("reason" in lease) throw new Error(lease.reason);
  return lease;
}

test("all who use a file share its content, also before it has been read", async () => {
  const cache = new ContentCache(100);
  const shared = file("shared", "0123456789");
  const [first, second] = await Promise.all([take(cache, shared), take(cache, shared)]);
  expect(first.content).toBe(second.content);
  expect(cache.bytes).toBe(10);
});

test("a file that has changed on disk is read anew, while who has the former content keeps it", async () => {
  const cache = new ContentCache(100);
  const former = await take(cache, file("changing", "one"));
  const later = await take(cache, file("changing", "three", 2000));
  expect([former, later].map(({ content }) => Buffer.from(content).toString())).toEqual(["one", "three"]);
  expect(cache.bytes).toBe(8);
  former.release();
  expect(cache.bytes).toBe(5);
});

test("what was not used for longest makes room", async () => {
  const cache = new ContentCache(30);
  const [a, b, c] = [file("a", "a".repeat(10)), file("b", "b".repeat(10)), file("c", "c".repeat(20))];
  const first = await take(cache, a);
  for (const each of [b, a, c]) (await take(cache, each)).release();
  first.release();
  const again = await take(cache, a);
  expect([again.content === first.content, cache.bytes]).toEqual([true, 30]);
});

test("what is in use stays: who asks for more than is left is told to come again", async () => {
  const cache = new ContentCache(30);
  const used = await take(cache, file("used", "u".repeat(20)));
  const other = file("other", "o".repeat(20));
  expect(await cache.take(other, "octet")).toEqual({ reason: "busy" });
  used.release();
  (await take(cache, other)).release();
  expect(cache.bytes).toBe(20);
});

test("a file that will never fit is refused for good", async () => {
  expect(await new ContentCache(10).take(file("large", "l".repeat(11)), "octet")).toEqual({ reason: "too-large" });
});

test("netascii is another content of the same file, and takes what it takes", async () => {
  const cache = new ContentCache(100);
  const text = file("text", "a\nb\n");
  const leases = [await take(cache, text), await take(cache, text, "netascii")];
  expect(leases.map(({ content }) => Buffer.from(content).toString())).toEqual(["a\nb\n", "a\r\nb\r\n"]);
  expect(cache.bytes).toBe(10);
});

test("a file that cannot be read is an error, takes no memory, and is tried again", async () => {
  const cache = new ContentCache(100);
  const late = file("late", "late");
  rmSync(late.path);
  await expect(cache.take(late, "octet")).rejects.toThrow("ENOENT");
  expect(cache.bytes).toBe(0);
  file("late", "late");
  expect(Buffer.from((await take(cache, late)).content).toString()).toBe("late");
});
