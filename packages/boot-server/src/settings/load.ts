import { readFileSync } from "node:fs";
import { dirname, resolve } from "node:path";
import { z } from "zod";
import { withNameServers } from "./name-servers.ts";
import { type Settings, settingsSchema } from "./schema.ts";
import { readYamlText, type TextProblem } from "./yaml-text.ts";

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
export function loadSettings({ file, environment = {}, assignments = [] }: SettingsSources): Settings {
  const text = readYamlText(readText(file));
  const problems = text.problems.map((problem) => format(file, problem));
  if (problems.length > 0) throw new SettingsError(problems);

  const value: unknown = structuredClone(text.value ?? {});
  const origins = new Map<string, string>();
  for (const { path, key, raw } of [...environmentOverrides(environment), ...assignments.map(readAssignment)]) {
    assign(value, path, readYamlText(raw).value);
    origins.set(path.join("."), key);
  }
  const result = settingsSchema.safeParse(value);
  if (!result.success) {
    throw new SettingsError(
      result.error.issues.flatMap((issue) =>
        expand(issue).map(({ path, message }) => {
          const origin = origins.get(path.join("."));
          if (origin !== undefined) return `${origin}: ${message}`;
          return format(file, { line: text.lineOf(path) ?? 1, path, message });
        }),
      ),
    );
  }
  return withNameServers(withAbsolutePaths(result.data, dirname(resolve(file))));
}

/** The keys that hold one plain value, as paths: what the environment may override. */
export function scalarPaths(schema: z.ZodType = settingsSchema, path: readonly string[] = []): string[][] {
  const inner = unwrap(schema);
  if (inner instanceof z.ZodObject) {
    return Object.entries(inner.shape).flatMap(([key, member]) => scalarPaths(member as z.ZodType, [...path, key]));
  }
  return inner instanceof z.ZodArray || inner instanceof z.ZodRecord ? [] : [[...path]];
}

/** `http.port` -> `RAILHEAD_HTTP_PORT`; `stateDir` -> `RAILHEAD_STATE_DIR`. */
export function environmentName(path: readonly string[]): string {
  const words = path.map((key) =>
    key
      .replaceAll(/([a-z0-9])([A-Z])/g, "$1_$2")
      .replaceAll("-", "_")
      .toUpperCase(),
  );
  return ["RAILHEAD", ...words].join("_");
}

interface Override {
  readonly path: readonly string[];
  /** What the person wrote it as, for messages. */
  readonly key: string;
  readonly raw: string;
}

function environmentOverrides(environment: Readonly<Record<string, string | undefined>>): Override[] {
  return scalarPaths().flatMap((path) => {
    const key = environmentName(path);
    const raw = environment[key];
    return raw === undefined || raw === "" ? [] : [{ path, key, raw }];
  });
}

function readAssignment(text: string): Override {
  const equals = text.indexOf("=");
  if (equals < 1) throw new SettingsError([`--set ${text}: not of the form key=value`]);
  return { path: text.slice(0, equals).split("."), key: `--set ${text.slice(0, equals)}`, raw: text.slice(equals + 1) };
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
function expand(issue: z.core.$ZodIssue): { path: (string | number)[]; message: string }[] {
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

function unwrap(schema: z.ZodType): z.ZodType {
  let inner = schema;
  for (;;) {
    if (inner instanceof z.ZodPipe) inner = inner.def.in as z.ZodType;
    else if (inner instanceof z.ZodExactOptional || inner instanceof z.ZodDefault || inner instanceof z.ZodPrefault) {
      inner = inner.def.innerType as z.ZodType;
    } else return inner;
  }
}
