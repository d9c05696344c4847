import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { consoleLines, readConsoleTail } from "./console-log.ts";

test("control sequences of firmware are not passed on to whoever reads the console", () => {
  const output =
    "\x1b[2J\x1b[01;01H\x1b[0m\x1b[1miPXE 1.21.1\x1b[0m -- Open Source\r\n\x1b]0;title\x07[  OK  ] Started\r\n";
  expect(consoleLines(output)).toEqual(["iPXE 1.21.1 -- Open Source", "[  OK  ] Started"]);
});

test("progress that overwrites itself shows its last state", () => {
  expect(consoleLines("vmlinuz... 5%\rvmlinuz... 50%\rvmlinuz... ok\r\n")).toEqual(["vmlinuz... ok"]);
});

test("blank lines and bare controls are left out", () => {
  expect(consoleLines("one\n\n\x00\x07\n   \ntwo\n")).toEqual(["one", "two"]);
});

test("the tail is the last lines of a long log", async () => {
  const folder = await mkdtemp(join(tmpdir(), "railhead-console-"));
  onTestFinished(() => rm(folder, { recursive: true }));
  const log = join(folder, "core-01.log");
  await writeFile(log, Array.from({ length: 50_000 }, (_, index) => `line ${index}\n`).join(""));
  expect(await readConsoleTail(log, 2)).toEqual(["line 49998", "line 49999"]);
});

test("a log that is not there yet has no lines", async () => {
  expect(await readConsoleTail("/nonexistent/core-01.log", 5)).toEqual([]);
});
