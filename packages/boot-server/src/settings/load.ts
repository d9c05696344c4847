import { readFileSync } from "node:fs";
import { dirname, resolve } from "node:path";
import type { z } from "zod";
import { withNameServers } from "./name-servers.ts";
import { assignmentOverrides, environmentOverrides } from "./overrides.ts";
import { relationIssues, type SettingsIssue } from "./relations.ts";
import { type Settings, settingsSchema } from "./schema.ts";
import { readYamlText, type TextProblem, type YamlText } from "./yaml-text.ts";

/** What stands over the file: `environment` over the file, `assignments` over both. */
export interface SettingsSources {
  readonly file: string;
  /** `RAILHEAD_HTTP_PORT=8081` stands for `http.port`. */
  readonly environment?: Readonly<Record<string, string | undefined>>;
  /** `http.port=8081`, from `--set`. */
  readonly assignments?: readonly string[];
}

/** The configuration is unusable; `problems` lists everything that is wrong with it. */
export class SettingsError extends Error {
  override readonly name = "SettingsError";
  readonly code = "bad-settings";
  readonly hint = "railhead check FILE lists every problem; docs/configuration.md lists every key";
  readonly problems: readonly string[];

  constructor(problems: readonly string[], options?: ErrorOptions) {
    super(problems.join("\n"), options);
    this.problems = problems;
  }
}

/**
 * Reads the configuration in force.
 *
 * @throws SettingsError with every problem as `file:line: path: message`
 */
export function loadSettings(sources: SettingsSources): Settings {
  const written = readSources(sources);
  const settings = settingsSchema.safeParse(written.value);
  const issues = [...(settings.error?.issues ?? []).flatMap(expand), ...relationIssues(written.value)];
  const problems = [...written.problems, ...placeIssues(sources.file, written, issues)];
  if (problems.length > 0 || !settings.success) throw new SettingsError(problems);
  return withNameServers(withAbsolutePaths(settings.data, dirname(resolve(sources.file))));
}

/**
 * Says of each issue where it was written: the line of the file, or the variable or option that stands over it.
 *
 * @throws SettingsError when the file cannot be read
 */
export function locateIssues(sources: SettingsSources, issues: readonly SettingsIssue[]): readonly string[] {
  return placeIssues(sources.file, readSources(sources), issues);
}

/**
 * The data directory of a configuration that is perhaps unusable otherwise; `undefined` where none is named.
 *
 * @throws SettingsError when the file cannot be read
 */
export function writtenDataPath(sources: SettingsSources): string | undefined {
  const { value } = readSources(sources);
  const named = settingsSchema.shape.dataPath.safeParse(
    typeof value === "object" && value !== null && "dataPath" in value ? value.dataPath : undefined,
  );
  return named.success ? resolve(dirname(sources.file), named.data) : undefined;
}

/** The configuration as it is written, before anything is made of it. */
interface Written {
  readonly text: YamlText;
  readonly value: unknown;
  /** The variable or option that a key's value comes from, where it is not the file. */
  readonly origins: ReadonlyMap<string, string>;
  /** Of overrides that cannot be read. */
  readonly problems: readonly string[];
}

function readSources({ file, environment = {}, assignments = [] }: SettingsSources): Written {
  const text = readYamlText(readText(file));
  // Without a value there is nothing else to look at.
  if (text.problems.length > 0) throw new SettingsError(text.problems.map((problem) => format(file, problem)));
  const value: unknown = structuredClone(text.value ?? {});
  const origins = new Map<string, string>();
  const problems: string[] = [];
  const sources = [environmentOverrides(environment), assignmentOverrides(assignments)];
  for (const { path, key, raw } of sources.flatMap(({ overrides }) => overrides)) {
    const override = readYamlText(raw);
    problems.push(...override.problems.map(({ message }) => `${key}: ${message}`));
    if (override.problems.length === 0) assign(value, path, override.value);
    origins.set(path.join("."), key);
  }
  problems.push(...sources.flatMap((source) => source.problems));
  return { text, value, origins, problems };
}

function placeIssues(file: string, { origins, text }: Written, issues: readonly SettingsIssue[]): readonly string[] {
  const placed = issues.map(({ path, message }) => {
    const origin = origins.get(path.join("."));
    if (origin !== undefined) return { line: 0, text: `${origin}: ${message}` };
    const line = text.lineOf(path) ?? 1;
    return { line, text: format(file, { line, path, message }) };
  });
  return placed.toSorted((a, b) => a.line - b.line).map((problem) => problem.text);
}

function assign(root: unknown, path: readonly string[], value: unknown): void {
  let node = root;
  for (const [depth, key] of path.entries()) {
    if (typeof node !== "object" || node === null) return; // the schema reports what stands there instead
    const container = node as Record<string, unknown>;
    if (depth === path.length - 1) container[key] = value;
    else node = container[key] ??= {};
  }
}

/** One problem for each unknown key, at the key itself; zod reports them together at their parent. */
function expand(issue: z.core.$ZodIssue): readonly SettingsIssue[] {
  const path = issue.path.filter((step) => typeof step !== "symbol");
  if (issue.code !== "unrecognized_keys") return [{ path, message: issue.message }];
  return issue.keys.map((key) => ({ path: [...path, key], message: "unknown key" }));
}

function format(file: string, { line, path, message }: TextProblem): string {
  const place = line === undefined ? file : `${file}:${line}`;
  return path.length === 0 ? `${place}: ${message}` : `${place}: ${path.join(".")}: ${message}`;
}

function readText(file: string): string {
  try {
    return readFileSync(file, "utf8");
  } catch (cause) {
    throw new SettingsError([`${file}: cannot be read: ${cause instanceof Error ? cause.message : String(cause)}`], {
      cause,
    });
  }
}

function withAbsolutePaths(settings: Settings, base: string): Settings {
  const absolute = (path: string) => resolve(base, path);
  const { stateDir, dataPath, assetsPath, tftp, configRepo, agentDir } = settings;
  return {
    ...settings,
    stateDir: absolute(stateDir),
    dataPath: absolute(dataPath),
    ...(assetsPath === undefined ? {} : { assetsPath: absolute(assetsPath) }),
    ...(tftp === undefined ? {} : { tftp: { ...tftp, root: absolute(tftp.root) } }),
    ...(configRepo?.path === undefined ? {} : { configRepo: { ...configRepo, path: absolute(configRepo.path) } }),
    ...(agentDir === undefined ? {} : { agentDir: absolute(agentDir) }),
  };
}
