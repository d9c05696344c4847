/** One thing wrong with what the operator wrote. */
export interface InventoryProblem {
  /** The file, relative to the data directory: `groups/workers.json`. */
  readonly file: string;
  /** Where inside the document: `["selector", "mac"]`; empty for the document as a whole. */
  readonly path: readonly (string | number)[];
  readonly message: string;
  /**
   * `invalid`: the document has no meaning, so the whole edit is refused and the last good snapshot stays.
   * `dangling`: it names something that is not there; only the machines that need it are refused.
   * `suspicious`: it holds what has no effect, and was perhaps meant to have one; everything is served.
   */
  readonly kind: "invalid" | "dangling" | "suspicious";
}

/** `groups/workers.json: selector.mac: not a MAC address`. */
export function formatProblem(problem: InventoryProblem, line?: number): string {
  const place = line === undefined ? problem.file : `${problem.file}:${line}`;
  const path = problem.path.length === 0 ? "" : `${problem.path.join(".")}: `;
  return `${place}: ${path}${problem.message}`;
}
