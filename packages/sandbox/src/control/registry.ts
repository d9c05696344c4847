import { mkdir, readdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { removeRunDirectory } from "../files/run-directory.ts";
import { parseJsonObject } from "../json-object.ts";

/** How a second process finds a running sandbox. */
export interface RegistryEntry {
  readonly pid: number;
  /** When the kernel started that process; a later process with the same number has another one. */
  readonly startTime: string;
  readonly runDirectory: string;
  readonly controlSocket: string;
  /** Whether the run directory outlives the sandbox. */
  readonly keep: boolean;
}

/** One file for each running sandbox, PID.json; two that start together do not write the same file. */
export function registryDirectory(): string {
  return process.getuid?.() === 0
    ? "/run/railhead-sandbox"
    : join(tmpdir(), `railhead-sandbox-${process.getuid?.() ?? 0}`);
}

/** Enters this process and returns how to take it out again. */
export async function register(
  directory: string,
  entry: Omit<RegistryEntry, "pid" | "startTime">,
): Promise<() => Promise<void>> {
  await mkdir(directory, { recursive: true, mode: 0o700 });
  const startTime = (await processStartTime(process.pid)) ?? "";
  const path = join(directory, `${process.pid}.json`);
  const scratch = `${path}.new`;
  await writeFile(scratch, `${JSON.stringify({ pid: process.pid, startTime, ...entry })}\n`);
  await rename(scratch, path);
  return () => rm(path, { force: true });
}

/** The sandboxes that run now. */
export async function liveSandboxes(directory: string): Promise<readonly RegistryEntry[]> {
  const entries = await readEntries(directory);
  const alive = await Promise.all(entries.map(({ entry }) => isAlive(entry)));
  return entries.map(({ entry }) => entry).filter((_, index) => alive[index]);
}

/**
 * Removes what sandboxes left behind that were killed before they could do it themselves: their run directories, but
 * those that were to be kept. Their processes and networks are gone already; the kernel sees to that.
 */
export async function removeStale(directory: string): Promise<void> {
  for (const { path, entry } of await readEntries(directory)) {
    if (!(await isAlive(entry))) {
      if (!entry.keep) {
        await removeRunDirectory(entry.runDirectory);
      }
      await rm(path, { force: true });
    }
  }
}

/** Reads an entry; `undefined` for anything else. Pure. */
export function parseRegistryEntry(text: string): RegistryEntry | undefined {
  const { pid, startTime, runDirectory, controlSocket, keep } = parseJsonObject(text) ?? {};
  return typeof pid === "number" &&
    typeof startTime === "string" &&
    typeof runDirectory === "string" &&
    typeof controlSocket === "string" &&
    typeof keep === "boolean"
    ? { pid, startTime, runDirectory, controlSocket, keep }
    : undefined;
}

/** Field 22 of /proc/PID/stat (proc(5)), behind a name that may itself contain blanks and brackets. Pure. */
export function startTimeOfStat(stat: string): string | undefined {
  return stat.slice(stat.lastIndexOf(")") + 2).split(" ")[19];
}

async function isAlive({ pid, startTime }: RegistryEntry): Promise<boolean> {
  return (await processStartTime(pid)) === startTime;
}

async function processStartTime(pid: number): Promise<string | undefined> {
  return readFile(`/proc/${pid}/stat`, "utf8").then(startTimeOfStat, () => undefined);
}

async function readEntries(
  directory: string,
): Promise<readonly { readonly path: string; readonly entry: RegistryEntry }[]> {
  const names = await readdir(directory).catch(() => []);
  const found = await Promise.all(
    names
      .filter((name) => name.endsWith(".json"))
      .map(async (name) => {
        const path = join(directory, name);
        const entry = await readFile(path, "utf8").then(parseRegistryEntry, () => undefined);
        return entry === undefined ? [] : [{ path, entry }];
      }),
  );
  return found.flat();
}
