import { mkdir, mkdtemp, readdir, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, onTestFinished, test } from "vitest";
import { liveSandboxes, parseRegistryEntry, register, removeStale, startTimeOfStat } from "./registry.ts";

async function scratch(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), "railhead-registry-"));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  return folder;
}

const ENTRY = { runDirectory: "/var/tmp/s", controlSocket: "/var/tmp/s/control.sock", keep: false };

describe("the registry of running sandboxes", () => {
  test("has a sandbox as long as it runs", async () => {
    const folder = join(await scratch(), "registry");
    const unregister = await register(folder, ENTRY);
    expect(await liveSandboxes(folder)).toMatchObject([{ pid: process.pid, ...ENTRY }]);
    await unregister();
    expect(await liveSandboxes(folder)).toEqual([]);
  });

  test("is empty when there never was one", async () => {
    expect(await liveSandboxes("/nonexistent/registry")).toEqual([]);
  });

  test("does not take another process with the same number for the sandbox", async () => {
    const folder = await scratch();
    await writeFile(
      join(folder, `${process.pid}.json`),
      JSON.stringify({ pid: process.pid, startTime: "1", ...ENTRY }),
    );
    expect(await liveSandboxes(folder)).toEqual([]);
  });

  test("removes what a killed sandbox left, but what was to be kept, and nothing of a running one", async () => {
    const folder = await scratch();
    const leftovers = await Promise.all([scratch(), scratch(), scratch()]);
    const [dead, kept, running] = leftovers.map((runDirectory) => ({ ...ENTRY, runDirectory }));
    const registry = join(folder, "registry");
    await mkdir(registry);
    await writeFile(join(registry, "1.json"), JSON.stringify({ pid: 1, startTime: "x", ...dead }));
    await writeFile(join(registry, "2.json"), JSON.stringify({ pid: 2, startTime: "x", ...kept, keep: true }));
    await register(registry, { ...ENTRY, ...running });
    await removeStale(registry);
    expect(await readdir(registry)).toEqual([`${process.pid}.json`]);
    const there = await Promise.all(
      leftovers.map((path) =>
        stat(path).then(
          () => true,
          () => false,
        ),
      ),
    );
    expect(there).toEqual([false, true, true]);
  });

  test.each(["", "[]", "{}", '{"pid":"1"}', '{"pid":1,"startTime":"1","runDirectory":"/","controlSocket":"/"}'])(
    "has no use for %j",
    (text) => {
      expect(parseRegistryEntry(text)).toBeUndefined();
    },
  );

  test("reads the start time behind a process name with blanks and brackets", () => {
    const fields = Array.from({ length: 40 }, (_, index) => index + 3);
    expect(startTimeOfStat(`77 (a) b (c) ${fields.join(" ")}`)).toBe("22");
  });
});
