import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { parseUnitList, type UnitListEntry, unitFileName, unitListFileName } from "@railhead/provisioning/contract";
import { AgentError, isSystemError, type Problem } from "../agent-error.ts";
import { AGENT_UNIT } from "./agent-unit.ts";
import type { DesiredUnit, UnitFile } from "./desired-unit.ts";
import { triggeredUnits } from "./triggered-units.ts";

/** The folder of the config repo that holds the unit files. */
const UNIT_FOLDER = "systemd-units";

/**
 * Reads a role's list and the files of its units out of a checkout.
 *
 * Throws `AgentError`: `list-missing`, or `config-invalid` with every problem of the list and of the
 * files it asks for. Nothing has been touched by then (SW-37).
 */
export async function loadUnits(checkout: string, role: string): Promise<readonly DesiredUnit[]> {
  const listFile = unitListFileName(role);
  const list = parseUnitList(await readList(checkout, listFile));
  const problems: Problem[] = list.problems.map((problem) => ({ file: listFile, ...problem }));
  const listed = new Set(list.entries.map(({ unit }) => unit));
  const units: DesiredUnit[] = [];
  for (const entry of list.entries) {
    try {
      units.push(await loadUnit(join(checkout, UNIT_FOLDER), entry, listed));
    } catch (error) {
      if (!(error instanceof UnitFileError)) throw error;
      problems.push({ file: listFile, line: entry.line, message: error.message });
    }
  }
  if (problems.length === 0) return units;
  problems.sort((a, b) => (a.line ?? 0) - (b.line ?? 0));
  const count = problems.length === 1 ? "1 problem" : `${problems.length} problems`;
  const first = problems.slice(0, 3).map(({ line, message }) => `line ${line}: ${message}`);
  throw new AgentError("config-invalid", `${listFile} has ${count}: ${first.join("; ")}`, {
    problems,
    hint: "nothing was changed on this machine; correct the config repo and run the agent again",
  });
}

async function readList(checkout: string, listFile: string): Promise<string> {
  try {
    return await readFile(join(checkout, listFile), "utf8");
  } catch (cause) {
    const lists = (await readdir(checkout)).filter((name) => name.endsWith("-systemd-units.txt")).sort();
    throw new AgentError("list-missing", `the config repo has no ${listFile}`, {
      cause,
      hint: lists.length === 0 ? "it has no list at all; is it the config repo?" : `it has ${lists.join(", ")}`,
    });
  }
}

/** Says what is wrong with one unit's files; becomes a problem of the list's line. */
class UnitFileError extends Error {
  override readonly name = "UnitFileError";
  readonly code = "unit-file";
}

async function loadUnit(folder: string, { unit }: UnitListEntry, listed: ReadonlySet<string>): Promise<DesiredUnit> {
  if (unit === AGENT_UNIT) throw new UnitFileError(`${unit} is the agent's own service, which cannot start itself`);
  const file = unitFileName(unit);
  const content = await readUnitFile(folder, file);
  if (content === undefined) throw new UnitFileError(`${unit}: there is no ${UNIT_FOLDER}/${file}`);
  const files = [{ name: file, content }, ...(await readDropIns(folder, unit))];
  const companions: string[] = [];
  for (const companion of triggeredUnits(unit, content)) {
    if (listed.has(companion)) continue;
    const companionFile = companion.includes("/") ? undefined : unitFileName(companion);
    const companionContent = companionFile && (await readUnitFile(folder, companionFile));
    // What is not in the repo belongs to the operating system.
    if (companionFile === undefined || companionContent === undefined) continue;
    companions.push(companion);
    files.push({ name: companionFile, content: companionContent }, ...(await readDropIns(folder, companion)));
  }
  // A template is no unit: its instances come and go with their connections.
  return { unit, files, companions: companions.filter((companion) => !companion.includes("@.")) };
}

async function readDropIns(folder: string, unit: string): Promise<UnitFile[]> {
  const dropIns: UnitFile[] = [];
  for (const owner of new Set([unitFileName(unit), unit])) {
    const directory = `${owner}.d`;
    const names = await readdir(join(folder, directory)).catch((error: unknown) => {
      if (isSystemError(error, "ENOENT")) return [];
      if (isSystemError(error, "ENOTDIR"))
        throw new UnitFileError(`${unit}: ${UNIT_FOLDER}/${directory} is not a folder`);
      throw error;
    });
    for (const name of names.filter((each) => each.endsWith(".conf")).sort()) {
      const content = await readUnitFile(folder, join(directory, name));
      if (content !== undefined) dropIns.push({ name: `${directory}/${name}`, content });
    }
  }
  return dropIns;
}

/** The file's text, or `undefined` when there is none. */
async function readUnitFile(folder: string, name: string): Promise<string | undefined> {
  let bytes: Uint8Array;
  try {
    bytes = await readFile(join(folder, name));
  } catch (error) {
    if (isSystemError(error, "ENOENT")) return undefined;
    if (isSystemError(error, "EISDIR")) throw new UnitFileError(`${UNIT_FOLDER}/${name} is a folder, not a unit file`);
    throw error;
  }
  if (bytes.length === 0) throw new UnitFileError(`${UNIT_FOLDER}/${name} is empty, which systemd takes for masked`);
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch (cause) {
    throw new UnitFileError(`${UNIT_FOLDER}/${name} is not UTF-8 text`, { cause });
  }
}
