import { nearestWord } from "@railhead/provisioning";
import { z } from "zod";
import { settingsSchema } from "./schema.ts";

/** A value that stands over the file's. */
export interface Override {
  readonly path: readonly string[];
  /** What the person wrote it as, for messages. */
  readonly key: string;
  /** YAML. */
  readonly raw: string;
}

export interface Overrides {
  readonly overrides: readonly Override[];
  readonly problems: readonly string[];
}

const PREFIX = "RAILHEAD_";

/** Variables that begin like ours and are for others: the sandbox, the builds, the tests, the benchmarks. */
const OTHER_VARIABLES: ReadonlySet<string> = new Set([
  "RAILHEAD_AGENT_VERSION",
  "RAILHEAD_BENCH_NODE_OPTIONS",
  "RAILHEAD_CACHE",
  "RAILHEAD_REQUIRE_ALL",
  "RAILHEAD_SEED",
  "RAILHEAD_SKIP_IMAGE",
  "RAILHEAD_TEST_RUN",
]);

/**
 * The values that the environment sets; an empty variable sets none. One that begins like ours and is no key is a
 * problem: whoever wrote it believes that it is in force.
 */
export function environmentOverrides(environment: Readonly<Record<string, string | undefined>>): Overrides {
  const paths = new Map(scalarPaths().map((path) => [environmentName(path), path]));
  const overrides: Override[] = [];
  const problems: string[] = [];
  for (const [key, raw] of Object.entries(environment)) {
    if (!key.startsWith(PREFIX) || raw === undefined || raw === "" || OTHER_VARIABLES.has(key)) continue;
    const path = paths.get(key);
    if (path !== undefined) overrides.push({ path, key, raw });
    else problems.push(`${key}: there is no such key; the nearest is ${nearestWord(key, paths.keys())}`);
  }
  return { overrides, problems };
}

/** `http.port=8081` as given to `--set`. */
export function assignmentOverrides(assignments: readonly string[]): Overrides {
  const overrides: Override[] = [];
  const problems: string[] = [];
  for (const text of assignments) {
    const equals = text.indexOf("=");
    const key = text.slice(0, equals);
    if (equals < 1) problems.push(`--set ${text}: not of the form key=value`);
    else overrides.push({ path: key.split("."), key: `--set ${key}`, raw: text.slice(equals + 1) });
  }
  return { overrides, problems };
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
  return `${PREFIX}${words.join("_")}`;
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
