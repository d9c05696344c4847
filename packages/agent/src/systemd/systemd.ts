import type { UnitState } from "./unit-state.ts";

/** How a start, restart or stop ended. `refused`: systemd said no, in `message`. */
export type JobOutcome =
  | { readonly kind: "done" }
  | { readonly kind: "refused"; readonly message: string }
  | { readonly kind: "timed-out" }
  | { readonly kind: "interrupted" };

/**
 * What the agent wants of systemd.
 *
 * All may throw `AgentError` `systemd-failed` when systemd cannot be reached at all.
 */
export interface Systemd {
  /** The states of `units`, in their order; none for none. */
  show(units: readonly string[]): Promise<readonly UnitState[]>;
  /** Makes systemd read the unit files again. */
  reload(): Promise<void>;
  /** Starts a unit, or starts it anew, and waits for the job to end. */
  start(unit: string, how: "start" | "restart", limits: JobLimits): Promise<JobOutcome>;
  /** Stops a unit; with `wait: false` only asks for it, which also cancels a start that hangs. */
  stop(unit: string, options: { readonly wait: boolean }): Promise<JobOutcome>;
  /** Whether a unit's conditions hold now. */
  conditionsHold(unit: string): Promise<boolean>;
  /** Forgets an earlier failure, so that its start limit does not count. */
  forgetFailure(unit: string): Promise<void>;
  /** The last lines of a unit's journal of this boot, oldest first. Empty when it cannot be read. */
  journalTail(unit: string, lines: number): Promise<readonly string[]>;
}

export interface JobLimits {
  readonly timeoutMs: number;
  readonly signal: AbortSignal;
}
