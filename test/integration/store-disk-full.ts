/**
 * Runs inside a mount namespace of its own, for store-disk-full.test.ts: fills a small file system under a
 * store, makes room again, and prints what it saw as one line of JSON.
 *
 * Usage: unshare --mount node --conditions=railhead-source store-disk-full.ts DIRECTORY
 */
import { execFile } from "node:child_process";
import { rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import { openFileStore, StoreError } from "@railhead/store";

const [directory = ""] = process.argv.slice(2);
await promisify(execFile)("mount", ["-t", "tmpfs", "-o", "size=512k,mode=0700", "tmpfs", directory]);
const ballast = join(directory, "ballast");
writeFileSync(ballast, Buffer.alloc(200 * 1024));

const path = join(directory, "store");
const store = await openFileStore(path);
const leases = store.collection("bindings", String);

const filler = "x".repeat(1000);
const acknowledged = new Map<string, string>();
const refusals: string[] = [];
for (let n = 0; n < 400; n += 1) {
  // Renewals of few clients, so that what is live stays far smaller than the disk.
  const key = `client-${n % 20}`;
  try {
    await leases.put(key, `${n} ${filler}`);
    acknowledged.set(key, `${n} ${filler}`);
  } catch (error) {
    refusals.push(error instanceof StoreError ? `${error.code}: ${error.hint}` : String(error));
  }
}
const standsInMemory = same(leases.all(), acknowledged);

rmSync(ballast);
await leases.put("client-0", "after room was made");
acknowledged.set("client-0", "after room was made");
await store.close();

const reopened = await openFileStore(path);
const standsOnDisk = same(reopened.collection("bindings", String).all(), acknowledged);
const { problems } = reopened;
await reopened.close();

process.stdout.write(
  `${JSON.stringify({ refusals: refusals.length, kinds: [...new Set(refusals)], standsInMemory, standsOnDisk, problems })}\n`,
);

function same(found: ReadonlyMap<string, string>, expected: ReadonlyMap<string, string>): boolean {
  return found.size === expected.size && [...expected].every(([key, value]) => found.get(key) === value);
}
