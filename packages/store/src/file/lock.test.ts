import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { nodeFileSystem } from "./file-system.ts";
import { acquireLock } from "./lock.ts";

const BOOT = readFileSync("/proc/sys/kernel/random/boot_id", "utf8").trim();
const PARENT_STARTED = readFileSync(`/proc/${process.ppid}/stat`, "utf8").split(") ").at(-1)?.split(" ")[19];

let directory: string;

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), "railhead-lock-"));
});

afterEach(() => {
  rmSync(directory, { recursive: true });
});

describe("the lock of a store", () => {
  test("is given once, and again after it was let go", async () => {
    const release = await acquireLock(nodeFileSystem, directory);
    await expect(acquireLock(nodeFileSystem, directory)).rejects.toMatchObject({
      code: "store-locked",
      message: `${directory} is in use by this process (${process.pid})`,
    });
    await release();
    expect(readdirSync(directory)).toEqual([]);
    await (await acquireLock(nodeFileSystem, directory))();
  });

  test("is refused while another process has it, which is named and keeps it", async () => {
    const claim = `lock-${BOOT}-${process.ppid}-${PARENT_STARTED}`;
    writeFileSync(join(directory, claim), "");
    await expect(acquireLock(nodeFileSystem, directory)).rejects.toMatchObject({
      code: "store-locked",
      message: `${directory} is in use by process ${process.ppid}`,
    });
    expect(readdirSync(directory)).toEqual([claim]);
  });

  test.each([
    ["whose process has ended", `lock-${BOOT}-4194305-100`],
    ["whose process number another process has now", `lock-${BOOT}-${process.ppid}-1`],
    ["from before a reboot", `lock-00000000-0000-4000-8000-000000000000-${process.ppid}-${PARENT_STARTED}`],
  ])("counts a claim %s for nothing and clears it away", async (_, claim) => {
    writeFileSync(join(directory, claim), "");
    const release = await acquireLock(nodeFileSystem, directory);
    expect(readdirSync(directory)).not.toContain(claim);
    await release();
  });
});
