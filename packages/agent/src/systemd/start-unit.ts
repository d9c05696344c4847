import { AgentError } from "../agent-error.ts";
import type { Clock } from "../clock.ts";
import type { ChangedUnit } from "../units/plan.ts";
import { judgeUnit, needsConditions, needsSettling, type Verdict } from "./judge.ts";
import type { Systemd } from "./systemd.ts";
import type { UnitState } from "./unit-state.ts";

/**
 * How long a `Type=simple`, `exec` or `idle` service has to stay active before it counts. systemd calls
 * those started as soon as there is a process, so a typing error in a script looks like success; half
 * a second is enough for a wrong path, a missing file or a port in use, also in an emulated machine.
 */
const SETTLE_MS = 500;
/** How often to look at a unit that is still going down after its start. */
const LOOK_MS = 100;

interface StartPorts {
  readonly systemd: Systemd;
  readonly clock: Clock;
  readonly signal: AbortSignal;
}

/**
 * Starts one unit as planned and waits until it is active or has finished, at most `timeoutMs`.
 *
 * A unit that is not done by then is stopped: otherwise it might come up later, when everyone has been
 * told that it failed.
 */
export async function startUnit(planned: ChangedUnit, timeoutMs: number, ports: StartPorts): Promise<Verdict> {
  const { unit, restartsBefore } = planned;
  const { systemd, clock, signal } = ports;
  const deadlineMs = clock.elapsedMs() + timeoutMs;
  for (const companion of planned.stopFirst) await systemd.stop(companion, { wait: true });
  if (planned.forgetFailure) await systemd.forgetFailure(unit);
  const job = await systemd.start(unit, planned.action, { timeoutMs, signal });
  let state = await look(unit, systemd);
  if (job.kind === "timed-out" || job.kind === "interrupted") {
    await systemd.stop(unit, { wait: false });
    return judgeUnit(job, state, restartsBefore);
  }
  // A oneshot's ExecStopPost= may still run.
  while (state.activeState === "deactivating" && clock.elapsedMs() < deadlineMs && !signal.aborted) {
    await clock.sleep(LOOK_MS, signal);
    state = await look(unit, systemd);
  }
  if (job.kind === "done" && needsSettling(state)) {
    await clock.sleep(SETTLE_MS, signal);
    state = await look(unit, systemd);
  }
  if (job.kind === "done" && needsConditions(state)) {
    state = { ...state, conditions: (await systemd.conditionsHold(unit)) ? "held" : "unmet" };
  }
  return judgeUnit(job, state, restartsBefore);
}

async function look(unit: string, systemd: Systemd): Promise<UnitState> {
  const [state] = await systemd.show([unit]);
  if (state === undefined) throw new AgentError("systemd-failed", `systemd did not tell the state of ${unit}`);
  return state;
}
