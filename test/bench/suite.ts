import type { Lifetime } from "@railhead/sandbox";
import type { Need } from "./needs.ts";

export type Unit = "ms" | "s" | "us" | "MB" | "MB/s" | "/s" | "%" | "count" | "ratio";

/** One line of a suite's table. */
export interface Row {
  /** What was measured; Markdown. */
  readonly what: string;
  readonly unit: Unit;
  /** In the order they were taken; one for what does not vary. */
  readonly samples: readonly number[];
  /** What the median is to be below (a ratio: at most). Shown, never asserted. */
  readonly target?: number;
  /** What the median is to reach, where more is better. */
  readonly atLeast?: number;
}

/** What a suite is given for one run. */
export interface Bench {
  /** Ends with the suite, or with Ctrl-C: all that outlives one statement is acquired through it. */
  readonly lifetime: Lifetime;
  readonly signal: AbortSignal;
  /** Empty, and removed with everything in it at the end. */
  readonly directory: string;
  /** A line of progress. */
  readonly say: (line: string) => void;
}

/** One topic: a file below suites/, a row in suites.ts, and a section in docs/benchmarks.md. */
export interface Suite {
  readonly name: string;
  /** `npm run bench -- GROUP` runs all suites of the group. */
  readonly group?: "network";
  readonly needs: readonly Need[];
  readonly run: (bench: Bench) => Promise<readonly Row[]>;
}
