import { JOURNAL_LINE_LENGTH, JOURNAL_TAIL_LINES, REASON_LENGTH } from "@railhead/provisioning/contract";
import { type Clock, secondsSince } from "../clock.ts";
import type { Log } from "../log.ts";
import type { Reporter } from "../report/reporter.ts";
import type { Verdict } from "../systemd/judge.ts";
import { startUnit } from "../systemd/start-unit.ts";
import type { Systemd } from "../systemd/systemd.ts";
import type { PlannedUnit } from "../units/plan.ts";

interface ApplyPorts {
  readonly systemd: Systemd;
  readonly reporter: Reporter;
  readonly clock: Clock;
  readonly log: Log;
  readonly signal: AbortSignal;
}

/** How far the list was worked off. `failure` is absent when every unit is as it should be. */
export interface ApplyResult {
  readonly unitsOk: number;
  readonly failure?: { readonly unit: string; readonly reason: string };
}

/** Brings the units up in the order of the list and stops at the first that fails; what runs, stays. */
export async function applyPlan(
  units: readonly PlannedUnit[],
  timeoutMs: number,
  ports: ApplyPorts,
): Promise<ApplyResult> {
  const total = units.length;
  for (const [unitsOk, planned] of units.entries()) {
    const position = { unit: planned.unit, index: unitsOk + 1, total };
    ports.log({ event: "unit-started", action: planned.action, ...position });
    ports.reporter.report({ kind: "unit-started", ...position });
    const startMs = ports.clock.elapsedMs();
    const verdict = await bringUp(planned, timeoutMs, ports);
    const failed = verdict.outcome === "failed";
    const finished = {
      ...position,
      outcome: verdict.outcome,
      seconds: secondsSince(ports.clock, startMs),
      ...(verdict.reason === undefined ? {} : { reason: verdict.reason.slice(0, REASON_LENGTH) }),
      ...(failed ? { journal: await tail(planned.unit, ports.systemd) } : {}),
    };
    ports.log({ event: "unit-finished", ...finished });
    ports.reporter.report({ kind: "unit-finished", ...finished });
    if (failed) return { unitsOk, failure: { unit: planned.unit, reason: finished.reason ?? "it failed" } };
  }
  return { unitsOk: total };
}

async function bringUp(planned: PlannedUnit, timeoutMs: number, ports: ApplyPorts): Promise<Verdict> {
  return planned.action === "keep" ? { outcome: planned.outcome } : startUnit(planned, timeoutMs, ports);
}

async function tail(unit: string, systemd: Systemd): Promise<readonly string[]> {
  const lines = await systemd.journalTail(unit, JOURNAL_TAIL_LINES);
  return lines.slice(-JOURNAL_TAIL_LINES).map((line) => line.slice(0, JOURNAL_LINE_LENGTH));
}
