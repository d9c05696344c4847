import { checkUniqueObjects, checkUniqueStrings } from "./duplicates.ts";
import { type ConfigProblem, configProblem, type PathSegments } from "./problem.ts";
import { RULES } from "./rules/index.ts";
import { type Field, type IgnitionConfig, isTypeName, SCHEMA, type Shape, type TypeName } from "./schema.ts";
import { isAtLeast, isSpecVersion, SPEC_VERSIONS, type SpecVersion } from "./spec-version.ts";
import { child, children, isRecord, type Report, type View } from "./view.ts";

export interface ValidatedConfig {
  /** The document, typed; undefined when it has errors. */
  readonly config: IgnitionConfig | undefined;
  /** All of them, in document order. */
  readonly problems: readonly ConfigProblem[];
}

/**
 * Checks a document against Ignition's own rules for spec 3.0.0 to 3.5.0. Stricter than Ignition where it would ignore
 * what was meant or fail on the machine: unknown keys and keys of a later spec are errors, `null` is no item of a list,
 * and a few rules of newer releases hold for older specs too. validate.oracle.test.ts lists each such case.
 */
export function validateIgnition(document: unknown): ValidatedConfig {
  const version = versionOf(document);
  if (typeof version !== "string") return { config: undefined, problems: [version] };
  const problems: ConfigProblem[] = [];
  const report: Report = {
    error: (view, place, message) => problems.push(configProblem("error", [...view.path, ...place], message)),
    warning: (view, place, message) => problems.push(configProblem("warning", [...view.path, ...place], message)),
  };
  checkValue(document, { kind: "object", type: "config" }, { path: [], version, report });
  return { config: isSound(document, problems) ? document : undefined, problems };
}

function isSound(document: unknown, problems: readonly ConfigProblem[]): document is IgnitionConfig {
  return isRecord(document) && problems.every(({ kind }) => kind !== "error");
}

function versionOf(document: unknown): SpecVersion | ConfigProblem {
  if (document === undefined || document === null) return configProblem("error", [], "not a config (empty)");
  if (!isRecord(document)) return configProblem("error", [], `an object was expected, not ${nameOf(document)}`);
  if (Object.hasOwn(document, "variant")) {
    const message = "this is a Butane config (it has a variant); write Ignition, with ignition.version, instead";
    return configProblem("error", ["variant"], message);
  }
  const root: View = { fields: document, path: [], version: SPEC_VERSIONS[0] };
  const ignition = child(root, "ignition");
  const version = ignition.fields["version"];
  const place = [...ignition.path, "version"];
  if (isSpecVersion(version)) return version;
  if (typeof version !== "string" || !/^\d+\.\d+\.\d+(?:-[\w.]+)?$/.test(version)) {
    return configProblem("error", place, "invalid config version (couldn't parse)");
  }
  const advice = version.startsWith("2.")
    ? "spec 2 is of the time of Container Linux; translate the config to spec 3"
    : `known are ${SPEC_VERSIONS.join(", ")}`;
  return configProblem("error", place, `unsupported config version ${version}: ${advice}`);
}

interface Visit {
  readonly path: PathSegments;
  readonly version: SpecVersion;
  readonly report: Report;
}

function checkValue(value: unknown, shape: Shape, visit: Visit): void {
  switch (shape.kind) {
    case "object":
      if (!isRecord(value)) reportType(value, "an object", visit);
      else if (isTypeName(shape.type)) checkObject(value, shape.type, visit);
      return;
    case "list":
      if (Array.isArray(value)) {
        for (const [index, item] of value.entries())
          checkValue(item, shape.of, { ...visit, path: [...visit.path, index] });
      } else reportType(value, "a list", visit);
      return;
    case "integer":
      if (typeof value !== "number" || !Number.isSafeInteger(value)) reportType(value, "a whole number", visit);
      return;
    case "string":
      if (typeof value !== "string") reportType(value, "text", visit);
      return;
    case "boolean":
      if (typeof value !== "boolean") reportType(value, "true or false", visit);
  }
}

function checkObject(fields: Readonly<Record<string, unknown>>, type: TypeName, visit: Visit): void {
  const view: View = { fields, path: visit.path, version: visit.version };
  const known: Readonly<Record<string, Field>> = SCHEMA[type];
  for (const [key, value] of Object.entries(fields)) {
    const field = Object.hasOwn(known, key) ? known[key] : undefined;
    if (field === undefined) visit.report.error(view, [key], `unused key ${key}`);
    else if (!isAtLeast(visit.version, field.since)) {
      visit.report.error(view, [key], `unused key ${key}: it needs spec ${field.since}, this is ${visit.version}`);
    } else if (value !== null && value !== undefined) {
      checkValue(value, field.shape, { ...visit, path: [...visit.path, key] });
      checkUnique(view, key, field.shape, visit.report);
    }
  }
  for (const rule of RULES[type] ?? []) rule(view, visit.report);
}

function checkUnique(view: View, key: string, shape: Shape, report: Report): void {
  if (shape.kind !== "list" || !shape.unique) return;
  if (shape.of.kind !== "object") checkUniqueStrings(view, key, report);
  else if (isTypeName(shape.of.type)) checkUniqueObjects(shape.of.type, children(view, key), report);
}

function reportType(value: unknown, expected: string, { path, version, report }: Visit): void {
  report.error({ fields: {}, path, version }, [], `${expected} was expected, not ${nameOf(value)}`);
}

/** The kind of a value and not the value: problems are logged, and configs hold secrets. */
function nameOf(value: unknown): string {
  if (value === null || value === undefined) return "null";
  if (Array.isArray(value)) return "a list";
  if (isRecord(value)) return "an object";
  if (typeof value === "number") return Number.isInteger(value) ? "a number" : "a fraction";
  return typeof value === "string" ? "text" : "true or false";
}
