import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { formatProblem, type InventoryDocument, type InventoryProblem, type Profile } from "@railhead/provisioning";
import { type CompiledTemplate, compileTemplate, TemplateError } from "@railhead/render";
import { readYamlText } from "../settings/yaml-text.ts";
import { type BootTemplate, compileBoot } from "./boot-template.ts";
import { duplicateKey } from "./duplicate-key.ts";
import { finishedConfigProblems, isFinishedConfig, unfinished } from "./finished-config.ts";
import type { DataFolder, Snapshot } from "./snapshot.ts";

type Parse<T> = (
  document: InventoryDocument,
) =>
  | { readonly value: T; readonly suspicious?: readonly InventoryProblem[] }
  | { readonly problems: readonly InventoryProblem[] };

/** Reads the documents of a data directory, and gathers what is wrong with them. */
export class DocumentReader {
  readonly problems: Readonly<Record<InventoryProblem["kind"], string[]>> = {
    invalid: [],
    dangling: [],
    suspicious: [],
  };
  readonly folders = new Set<DataFolder>();
  readonly #directory: string;

  constructor(directory: string) {
    this.#directory = directory;
  }

  /** The documents `FOLDER/*.json`, in the order of their names. Other files are people's notes. */
  readAll<T>(folder: DataFolder, parse: Parse<T>): T[] {
    return this.#files(folder).flatMap((name) => {
      const file = `${folder}/${name}`;
      const document = name.endsWith(".json") ? this.#document(file) : undefined;
      if (document === undefined) return [];
      const parsed = parse(document);
      for (const problem of "value" in parsed ? (parsed.suspicious ?? []) : parsed.problems) this.report(problem);
      return "value" in parsed ? [parsed.value] : [];
    });
  }

  /** The boot sections that are templates. */
  compileBoots(profiles: readonly Profile[]): Map<string, BootTemplate> {
    const boots = new Map<string, BootTemplate>();
    for (const { boot, id, templated } of profiles) {
      if (boot === undefined || templated !== true) continue;
      const file = `profiles/${id}.json`;
      const text = readYamlText(this.#text(file) ?? "");
      this.#compile(() =>
        boots.set(
          id,
          compileBoot(boot, (path) => `${file}:${text.lineOf(["boot", ...path]) ?? 1}: boot.${path.join(".")}`),
        ),
      );
    }
    return boots;
  }

  /**
   * Everything under `ignition/` is a template, but for finished configs.
   *
   * A template has to end in a newline. Cut at any other place it cannot be told from a whole one, unless a block is
   * still open; a finished config is looked at as a whole instead.
   */
  readIgnition(): Pick<Snapshot, "ignition" | "unfit"> {
    const ignition = new Map<string, CompiledTemplate>();
    const unfit = new Map<string, readonly string[]>();
    for (const file of this.#files("ignition")) {
      const name = `ignition/${file}`;
      const text = this.#text(name);
      if (text === undefined) continue;
      if (isFinishedConfig(file)) {
        const problems = finishedConfigProblems(name, text);
        if (problems.length > 0) unfit.set(file, problems);
        ignition.set(file, { name, render: () => text });
      } else if (!text.endsWith("\n")) this.problems.invalid.push(unfinished(name, text));
      else this.#compile(() => ignition.set(file, compileTemplate({ name, text })));
    }
    return { ignition, unfit };
  }

  report(problem: InventoryProblem): void {
    const text = readYamlText(this.#text(problem.file) ?? "");
    this.problems[problem.kind].push(formatProblem(problem, text.lineOf(problem.path)));
  }

  #document(file: string): InventoryDocument | undefined {
    const text = this.#text(file);
    if (text === undefined) return undefined;
    const json = parseJson(text);
    if (json === undefined) {
      const [first] = readYamlText(text).problems;
      this.problems.invalid.push(
        first === undefined ? `${file}: not valid JSON` : `${file}:${first.line}: not valid JSON: ${first.message}`,
      );
      return undefined;
    }
    const twice = duplicateKey(text);
    if (twice === undefined) return { file, value: json.value };
    this.problems.invalid.push(`${file}:${twice.line}: the key ${twice.key} stands twice in one object`);
    return undefined;
  }

  #compile(compile: () => void): void {
    try {
      compile();
    } catch (error) {
      if (!(error instanceof TemplateError)) throw error;
      this.problems.invalid.push(error.message);
    }
  }

  #files(folder: DataFolder): string[] {
    try {
      const entries = readdirSync(join(this.#directory, folder), { withFileTypes: true });
      this.folders.add(folder);
      return entries
        .filter((entry) => !entry.isDirectory() && !entry.name.startsWith("."))
        .map((entry) => entry.name)
        .toSorted();
    } catch (error) {
      // A folder that is not there is empty, as in matchbox; one that cannot be read is a fault.
      if (!(error instanceof Error && "code" in error)) throw error;
      if (error.code !== "ENOENT") this.problems.invalid.push(`${folder}/: cannot be read: ${error.message}`);
      return [];
    }
  }

  #text(file: string): string | undefined {
    try {
      return readFileSync(join(this.#directory, file), "utf8");
    } catch (error) {
      if (!(error instanceof Error && "code" in error)) throw error;
      this.problems.invalid.push(`${file}: cannot be read: ${error.message}`);
      return undefined;
    }
  }
}

function parseJson(text: string): { readonly value: unknown } | undefined {
  try {
    return { value: JSON.parse(text) as unknown };
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}
