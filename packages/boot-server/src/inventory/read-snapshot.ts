import { readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import {
  buildInventory,
  formatProblem,
  type InventoryDocument,
  type InventoryProblem,
  parseGroup,
  parseMachine,
  parseProfile,
} from "@railhead/provisioning";
import { type CompiledTemplate, compileTemplate, TemplateError } from "@railhead/render";
import { readYamlText, type YamlText } from "../settings/yaml-text.ts";
import type { Snapshot } from "./snapshot.ts";

/** The data directory has no meaning as it stands; `problems` lists everything that is wrong, each with file and line. */
export class InventoryError extends Error {
  override readonly name = "InventoryError";
  readonly code = "bad-inventory";
  readonly hint = "mend the files named; until then the last good state is served";
  readonly problems: readonly string[];

  constructor(problems: readonly string[]) {
    super(problems.join("\n"));
    this.problems = problems;
  }
}

/** The folders of a data directory. */
export const DATA_FOLDERS = ["machines", "groups", "profiles", "ignition"] as const;

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
  const ignition = reader.readIgnition();
  const { inventory, problems } = buildInventory({
    machines,
    groups,
    profiles,
    ignitionFiles: new Set(ignition.keys()),
  });
  for (const problem of problems) reader.report(problem);
  if (reader.invalid.length > 0) throw new InventoryError(reader.invalid);
  return { inventory, ignition, problems: reader.dangling };
}

type Folder = (typeof DATA_FOLDERS)[number];
type Parse<T> = (
  document: InventoryDocument,
) => { readonly value: T } | { readonly problems: readonly InventoryProblem[] };

class DocumentReader {
  readonly invalid: string[] = [];
  readonly dangling: string[] = [];
  readonly #directory: string;

  constructor(directory: string) {
    this.#directory = directory;
  }

  /** The documents `FOLDER/*.json`, in the order of their names. Other files are people's notes. */
  readAll<T>(folder: Folder, parse: Parse<T>): T[] {
    return this.#files(folder).flatMap((name) => {
      if (!name.endsWith(".json")) return [];
      const file = `${folder}/${name}`;
      const raw = this.#text(file);
      const value = parseJson(raw);
      if (value === undefined) {
        const { problems } = readYamlText(raw);
        const [first] = problems;
        this.invalid.push(
          first === undefined ? `${file}: not valid JSON` : `${file}:${first.line}: not valid JSON: ${first.message}`,
        );
        return [];
      }
      const parsed = parse({ file, value: value.json });
      if ("value" in parsed) return [parsed.value];
      for (const problem of parsed.problems) this.report(problem);
      return [];
    });
  }

  /** Everything under `ignition/` is a template, but `.ign` and `.ignition`: those are sent as they are, braces and all. */
  readIgnition(): Map<string, CompiledTemplate> {
    const templates = new Map<string, CompiledTemplate>();
    for (const file of this.#files("ignition")) {
      const name = `ignition/${file}`;
      const text = this.#text(name);
      if (file.endsWith(".ign") || file.endsWith(".ignition")) {
        templates.set(file, { name, render: () => text });
        continue;
      }
      try {
        templates.set(file, compileTemplate({ name, text }));
      } catch (error) {
        if (!(error instanceof TemplateError)) throw error;
        this.invalid.push(error.message);
      }
    }
    return templates;
  }

  report(problem: InventoryProblem): void {
    const text: YamlText = readYamlText(this.#text(problem.file));
    const list = problem.kind === "invalid" ? this.invalid : this.dangling;
    list.push(formatProblem(problem, text.lineOf(problem.path)));
  }

  #files(folder: Folder): string[] {
    try {
      return readdirSync(join(this.#directory, folder), { withFileTypes: true })
        .filter((entry) => !entry.isDirectory() && !entry.name.startsWith("."))
        .map((entry) => entry.name)
        .toSorted();
    } catch (error) {
      // A folder that is not there is empty, as in matchbox; one that cannot be read is a fault.
      if (error instanceof Error && "code" in error && error.code === "ENOENT") return [];
      throw error;
    }
  }

  #text(file: string): string {
    return readFileSync(join(this.#directory, file), "utf8");
  }
}

function parseJson(text: string): { readonly json: unknown } | undefined {
  try {
    return { json: JSON.parse(text) as unknown };
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}
