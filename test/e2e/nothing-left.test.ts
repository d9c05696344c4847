import { execFileSync } from "node:child_process";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { SandboxRun } from "./sandbox-run.ts";

/** Processes whose command line, environment aside, names the sandbox's directory or that live in a namespace of it. */
function processesOf(runDirectory: string): readonly string[] {
  return readdirSync("/proc")
    .filter((entry) => /^\d+$/.test(entry))
    .flatMap((pid) => {
      try {
        const commandLine = readFileSync(`/proc/${pid}/cmdline`, "utf8").replaceAll("\0", " ");
        return commandLine.includes(runDirectory) ? [`${pid} ${commandLine}`] : [];
      } catch {
        return []; // ended meanwhile
      }
    });
}

function networkNamespaces(): readonly string[] {
  return execFileSync("lsns", ["--type", "net", "--noheadings", "--output", "NS"], { encoding: "utf8" })
    .split("\n")
    .map((line) => line.trim());
}

async function gone(check: () => readonly unknown[]): Promise<readonly unknown[]> {
  for (let tries = 0; tries < 50 && check().length > 0; tries += 1)
    await new Promise((resolve) => setTimeout(resolve, 100));
  return check();
}

// How far the sandbox is when it is interrupted: milliseconds after its start, or what it has said.
test.each<readonly [string, number | RegExp]>([
  ["at once", 100],
  ["while it gets ready", 700],
  ["when the machine is powered on", /powered on/],
  ["in the middle of the firmware", /DHCP/],
  ["while the kernel boots", / s {2}kernel/],
])("Ctrl-C %s leaves no process, no namespace and no file", async (_when, moment) => {
  const before = new Set(networkNamespaces());
  await using sandbox = SandboxRun.startCommand("--nodes", "1", "--managers", "1");
  if (typeof moment === "number") await new Promise((resolve) => setTimeout(resolve, moment));
  else await sandbox.until(moment, 120);
  sandbox.signal("SIGINT");
  // 130 also where Node itself was still starting up and took the signal in its usual way.
  expect(await sandbox.exitCode(60)).toBe(130);
  expect(await gone(() => processesOf(sandbox.runDirectory))).toEqual([]);
  expect(await gone(() => networkNamespaces().filter((namespace) => !before.has(namespace)))).toEqual([]);
  expect(existsSync(sandbox.runDirectory)).toBe(false);
});

test("even kill -9 leaves no process and no namespace", async () => {
  const before = new Set(networkNamespaces());
  await using sandbox = SandboxRun.startCommand("--nodes", "1", "--managers", "1");
  await sandbox.until(/DHCP/, 120);
  expect(processesOf(sandbox.runDirectory).length).toBeGreaterThan(1);
  sandbox.signal("SIGKILL");
  await sandbox.exitCode(30);
  expect(await gone(() => processesOf(sandbox.runDirectory))).toEqual([]);
  expect(await gone(() => networkNamespaces().filter((namespace) => !before.has(namespace)))).toEqual([]);
  expect(existsSync(sandbox.runDirectory)).toBe(true); // for the autopsy; the next sandbox removes it unless kept
});
