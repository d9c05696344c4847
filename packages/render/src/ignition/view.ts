import type { PathSegments } from "./problem.ts";
import type { SpecVersion } from "./spec-version.ts";

/**
 * What a rule sees of one object of a config. Fields are read by the functions below, which answer `undefined` for
 * what is absent or of the wrong type: the shape check reports types, so rules look only at what they understand.
 */
export interface View {
  readonly fields: Readonly<Record<string, unknown>>;
  readonly path: PathSegments;
  readonly version: SpecVersion;
}

/** Takes the problems that a rule finds; the place is relative to the object that the rule was given. */
export interface Report {
  error(view: View, place: PathSegments, message: string): void;
  warning(view: View, place: PathSegments, message: string): void;
}

export type Rule = (view: View, report: Report) => void;

export function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

export function text(view: View, key: string): string | undefined {
  const value = view.fields[key];
  return typeof value === "string" ? value : undefined;
}

export function integer(view: View, key: string): number | undefined {
  const value = view.fields[key];
  return typeof value === "number" ? value : undefined;
}

export function isTrue(view: View, key: string): boolean {
  return view.fields[key] === true;
}

/** The object under a key; one without fields when there is none. */
export function child(view: View, key: string): View {
  const value = view.fields[key];
  return { fields: isRecord(value) ? value : {}, path: [...view.path, key], version: view.version };
}

/** The objects of a list; items that are no objects appear as empty ones so that indexes stay right. */
export function children(view: View, key: string): readonly View[] {
  return items(view, key).map((item, index) => {
    return { fields: isRecord(item) ? item : {}, path: [...view.path, key, index], version: view.version };
  });
}

export function items(view: View, key: string): readonly unknown[] {
  const value: unknown = view.fields[key];
  return Array.isArray(value) ? value : [];
}
