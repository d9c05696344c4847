import { mkdtemp, rm } from "node:fs/promises";
import { join } from "node:path";
import { createLifetime, interruptSignal } from "@railhead/sandbox";
import { missing } from "./needs.ts";
import { circumstances, loadNow } from "./report/circumstances.ts";
import { requireSections, writeSection } from "./report/document.ts";
import { markdownTable, plainTable } from "./report/table.ts";
import { releaseAll, unlessAborted } from "./scope.ts";
import type { Row, Suite } from "./suite.ts";
import { SUITES } from "./suites.ts";

const EXIT_INTERRUPTED = 130;
// Short, because sockets lie in it, and not memory, because disks of machines may.
const PARENT = "/var/tmp";

/** `npm run bench [-- SUITE...]`: measures, prints each table and writes it to docs/benchmarks.md. */
async function main(names: readonly string[]): Promise<number> {
  const suites = chosen(names);
  requireSections(suites.map(({ name }) => name));
  const absent = missing(suites.flatMap(({ needs }) => needs));
  if (absent.length > 0) throw new Error(`missing, nothing was measured:\n  ${absent.join("\n  ")}`);
  const { signal, dispose } = interruptSignal();
  // Once: before the second suite the load would be the first one's.
  const load = loadNow();
  try {
    for (const suite of suites) await measure(suite, load, signal);
    return 0;
  } catch (error) {
    if (signal.aborted) return EXIT_INTERRUPTED;
    throw error;
  } finally {
    dispose();
  }
}

function chosen(names: readonly string[]): readonly Suite[] {
  const isNamed = ({ name, group }: Suite) => names.includes(name) || (group !== undefined && names.includes(group));
  const known = SUITES.flatMap(({ name, group }) => (group === undefined ? [name] : [name, group]));
  const unknown = names.filter((name) => !known.includes(name));
  if (unknown.length > 0) {
    throw new Error(`no such suite: ${unknown.join(", ")}; there are ${[...new Set(known)].join(", ")}`);
  }
  return names.length === 0 ? SUITES : SUITES.filter(isNamed);
}

async function measure(suite: Suite, loadBefore: number, signal: AbortSignal): Promise<void> {
  say(`${suite.name}:`);
  const rows = await runSuite(suite, signal);
  say(`\n${plainTable(rows)}\n`);
  writeSection(suite.name, `${circumstances(suite.name, loadBefore)}\n\n${markdownTable(rows)}`);
}

/** Whatever happens, Ctrl-C included, everything that the suite acquired is gone when this ends. */
async function runSuite(suite: Suite, signal: AbortSignal): Promise<readonly Row[]> {
  const lifetime = createLifetime();
  try {
    const directory = await lifetime.acquire({
      resource: "scratch directory",
      acquire: () => mkdtemp(join(PARENT, "railhead-bench-")),
      release: (path) => rm(path, { recursive: true, force: true, maxRetries: 3 }),
    });
    const bench = { lifetime, signal, directory, say: (line: string) => say(`  ${line}`) };
    return await unlessAborted(suite.run(bench), signal);
  } finally {
    await releaseAll(lifetime);
  }
}

function say(text: string): void {
  process.stdout.write(`${text}\n`);
}

try {
  process.exitCode = await main(process.argv.slice(2));
} catch (error) {
  process.stderr.write(`bench: ${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 1;
}
