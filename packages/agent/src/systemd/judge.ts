import type { JobOutcome } from "./systemd.ts";
import type { UnitState } from "./unit-state.ts";

/** `active`: it runs. `finished`: a oneshot that ended with success, or that its conditions skipped. */
export type UnitOutcome = "active" | "finished" | "failed";

export interface Verdict {
  readonly outcome: UnitOutcome;
  /** Of a failure: what systemd knows. Of `finished`: that a condition skipped the unit. */
  readonly reason?: string;
}

/**
 * Decides from the end of a unit's start job and its state after that whether the unit is as it should be.
 * `restartsBefore` is how often `Restart=` had brought it back before it was started.
 */
export function judgeUnit(job: JobOutcome, state: UnitState, restartsBefore: number): Verdict {
  switch (job.kind) {
    case "timed-out":
      return { outcome: "failed", reason: `not done within its time; it was ${state.activeState} (${state.subState})` };
    case "interrupted":
      return { outcome: "failed", reason: "the agent was stopped while it waited for the unit" };
    case "refused":
      return { outcome: "failed", reason: describeFailure(job.message, state) };
    default:
      return judgeState(state, restartsBefore);
  }
}

function judgeState(state: UnitState, restartsBefore: number): Verdict {
  switch (state.activeState) {
    case "active":
    case "reloading":
      if ((state.restarts ?? 0) > restartsBefore)
        return { outcome: "failed", reason: describeFailure("ended and was started again", state) };
      return { outcome: state.subState === "exited" ? "finished" : "active" };
    case "inactive":
      if (state.conditions === "unmet") return { outcome: "finished", reason: "skipped: its conditions do not hold" };
      if (state.type === "oneshot" && state.result === "success") return { outcome: "finished" };
      return { outcome: "failed", reason: describeFailure("ended at once, and only a oneshot may", state) };
    case "activating":
      return { outcome: "failed", reason: describeFailure("ends again and again", state) };
    default:
      return { outcome: "failed", reason: describeFailure("failed after it was started", state) };
  }
}

/** `message`, with the facts that tell one failure from another. */
function describeFailure(message: string, { activeState, subState, result, mainStatus, restarts }: UnitState): string {
  const facts = [
    ...(activeState === "failed" ? [] : [`${activeState} (${subState})`]),
    ...(result === undefined || result === "success" ? [] : [`result ${result}`]),
    ...(mainStatus === undefined || mainStatus === 0 ? [] : [`status ${mainStatus}`]),
    ...(restarts === undefined || restarts === 0 ? [] : [`restarts ${restarts}`]),
  ];
  return [message.replace(/[.:]$/, ""), ...(facts.length === 0 ? [] : [facts.join(", ")])].join(": ");
}

/** True when a unit is down after its start and systemd no longer knows whether its conditions skipped it. */
export function needsConditions(state: UnitState): boolean {
  return state.activeState === "inactive" && state.conditions === "unknown" && state.type !== "oneshot";
}

/** Service types that systemd calls started when the process has been made, whether or not it can live. */
const UNPROVEN_TYPES: readonly (string | undefined)[] = ["simple", "exec", "idle"];

/** True for a service whose being active proves nothing yet, so that it has to be looked at again. */
export function needsSettling(state: UnitState): boolean {
  return state.activeState === "active" && state.subState === "running" && UNPROVEN_TYPES.includes(state.type);
}
