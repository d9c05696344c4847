import { statSync } from "node:fs";
import { buildInventory, parseGroup, parseMachine, parseProfile } from "@railhead/provisioning";
import { DocumentReader } from "./document-reader.ts";
import type { Snapshot } from "./snapshot.ts";

/** The data directory has no meaning as it stands; `problems` lists everything that is wrong, each with file and line. */
export class InventoryError extends Error {
  override readonly name = "InventoryError";
  readonly code = "bad-inventory";
  readonly hint = "mend the files named; `railhead check FILE` tells whether anything else is wrong";
  readonly problems: readonly string[];

  constructor(problems: readonly string[]) {
    super(problems.join("\n"));
    this.problems = problems;
  }
}

/**
 * Reads a data directory whole.
 *
 * @throws InventoryError when any document is invalid, or there is no such directory: an empty inventory is something
 * that an operator makes, not what a failed mount leaves
 */
export function readSnapshot(directory: string): Snapshot {
  if (statSync(directory, { throwIfNoEntry: false })?.isDirectory() !== true) {
    throw new InventoryError([`${directory} is not a directory`]);
  }
  const reader = new DocumentReader(directory);
  const machines = reader.readAll("machines", (document) => {
    const parsed = parseMachine(document);
    return "problems" in parsed ? parsed : { value: { file: document.file, machine: parsed.value } };
  });
  const groups = reader.readAll("groups", parseGroup);
  const profiles = reader.readAll("profiles", parseProfile);
  const boots = reader.compileBoots(profiles);
  const { ignition, unfit } = reader.readIgnition();
  const { inventory, problems } = buildInventory({
    machines,
    groups,
    profiles,
    ignitionFiles: new Set(ignition.keys()),
  });
  for (const problem of problems) reader.report(problem);
  if (reader.problems.invalid.length > 0) throw new InventoryError(reader.problems.invalid);
  const { dangling, suspicious } = reader.problems;
  const machineFiles = new Map(machines.map(({ file, machine }) => [machine.name, file]));
  return { inventory, ignition, boots, dangling, suspicious, unfit, folders: reader.folders, machineFiles };
}
