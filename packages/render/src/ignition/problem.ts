/** A place in a document: object keys and list indexes from the root. */
export type PathSegments = readonly (string | number)[];

/** One thing that is wrong, or doubtful, with a config. */
export interface ConfigProblem {
  /** `$.storage.files[0].mode` */
  readonly path: string;
  /** The same place for programs, for instance to lead back to the source that a config was translated from. */
  readonly segments: PathSegments;
  readonly message: string;
  readonly kind: "error" | "warning";
}

export function configProblem(kind: ConfigProblem["kind"], segments: PathSegments, message: string): ConfigProblem {
  return { path: formatPath(segments), segments, message, kind };
}

export function formatPath(segments: PathSegments): string {
  return segments.reduce<string>((path, segment) => {
    if (typeof segment === "number") return `${path}[${segment}]`;
    return /^[A-Za-z_]\w*$/.test(segment) ? `${path}.${segment}` : `${path}[${JSON.stringify(segment)}]`;
  }, "$");
}

export type IgnitionErrorCode = "ignition-invalid" | "ignition-syntax";

/**
 * A config that must not be served. `ignition-syntax`: neither JSON nor YAML, or with duplicate keys;
 * `ignition-invalid`: it breaks rules of the spec. `problems` lists every error and warning found.
 */
export class IgnitionError extends Error {
  override readonly name = "IgnitionError";
  readonly code: IgnitionErrorCode;
  readonly problems: readonly ConfigProblem[];

  constructor(code: IgnitionErrorCode, source: string, problems: readonly ConfigProblem[], options?: ErrorOptions) {
    const errors = problems.filter(({ kind }) => kind === "error");
    const shown = errors.map(({ path, message }) => (path === "$" ? message : `${path}: ${message}`));
    super(`${source}: ${shown.join("; ")}`, options);
    this.code = code;
    this.problems = problems;
  }
}
