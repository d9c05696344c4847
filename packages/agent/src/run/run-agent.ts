import { type AgentSettings, REASON_LENGTH } from "@railhead/provisioning/contract";
import { AgentError, messageOf, type Problem } from "../agent-error.ts";
import { type Clock, secondsSince } from "../clock.ts";
import type { Log } from "../log.ts";
import type { CheckoutStore } from "../repo/checkout-store.ts";
import type { GitRemote } from "../repo/git-remote.ts";
import { splitRepoUrl } from "../repo/repo-url.ts";
import { syncRepo } from "../repo/sync-repo.ts";
import type { Reporter } from "../report/reporter.ts";
import type { Systemd } from "../systemd/systemd.ts";
import type { UnitDirectory } from "../systemd/unit-directory.ts";
import type { DesiredUnit } from "../units/desired-unit.ts";
import { loadUnits } from "../units/load-units.ts";
import { planUnits } from "../units/plan.ts";
import { applyPlan } from "./apply-plan.ts";
import { EXIT_CODE, EXIT_CODE_OF_ERROR } from "./exit-codes.ts";
import { inspectUnits, installUnits, refuseDeadlocks } from "./install-units.ts";

/** Everything outside the run. */
export interface RunPorts {
  readonly remote: GitRemote;
  readonly store: CheckoutStore;
  readonly systemd: Systemd;
  readonly unitDirectory: UnitDirectory;
  readonly reporter: Reporter;
  readonly clock: Clock;
  readonly log: Log;
  /** Aborted when the agent is told to stop. */
  readonly signal: AbortSignal;
}

export interface RunOptions {
  readonly agentVersion: string;
  /** How long to wait for the config repo. */
  readonly syncTimeoutSeconds: number;
}

/** What is known of a run so far. Its last report tells all of it, also when the run ends in the middle. */
interface Progress {
  revision?: string;
  unitsTotal: number;
  unitsOk: number;
}

/** How a run ended, in the words of its last report. */
interface RunEnd {
  readonly exitCode: number;
  readonly reason?: string;
  readonly failedUnit?: string;
  readonly hint?: string;
  readonly problems?: readonly Problem[];
}

/**
 * One agent run: config repo -> list -> plan -> unit files -> units, each step logged and reported.
 *
 * Returns one of {@link EXIT_CODE}. Never throws: whatever goes wrong is the reason of the last report (SW-38, SW-40).
 */
export async function runAgent(settings: AgentSettings, options: RunOptions, ports: RunPorts): Promise<number> {
  const { machine, repo } = settings;
  const startMs = ports.clock.elapsedMs();
  const progress: Progress = { unitsTotal: 0, unitsOk: 0 };
  ports.log({ event: "agent-started", version: options.agentVersion, machine: machine.name, role: machine.role });
  ports.reporter.report({
    kind: "agent-started",
    role: machine.role,
    repo: { url: splitRepoUrl(repo.url).url, ref: repo.ref },
  });
  const end = await bootstrap(settings, options, ports, progress).catch(endOfError);
  announce(end, progress, secondsSince(ports.clock, startMs), ports);
  await ports.reporter.close();
  return end.exitCode;
}

async function bootstrap(
  settings: AgentSettings,
  options: RunOptions,
  ports: RunPorts,
  progress: Progress,
): Promise<RunEnd> {
  const desired = await fetchUnits(settings, options, ports, progress);
  const names = desired.map(({ unit }) => unit);
  const actual = await inspectUnits(desired, ports);
  const plan = planUnits(desired, actual);
  await installUnits(
    plan.install,
    [...actual.states.values()].some(({ needsReload }) => needsReload),
    ports,
  );
  await refuseDeadlocks(names, ports);
  const { unitsOk, failure } = await applyPlan(plan.units, settings.unitTimeoutSeconds * 1000, ports);
  progress.unitsOk = unitsOk;
  if (failure === undefined) return { exitCode: EXIT_CODE.running };
  return { exitCode: EXIT_CODE.unitFailed, failedUnit: failure.unit, reason: `${failure.unit}: ${failure.reason}` };
}

async function fetchUnits(
  { repo, machine }: AgentSettings,
  { syncTimeoutSeconds }: RunOptions,
  ports: RunPorts,
  progress: Progress,
): Promise<readonly DesiredUnit[]> {
  const startMs = ports.clock.elapsedMs();
  const { url } = splitRepoUrl(repo.url);
  const request = { repoUrl: repo.url, ref: repo.ref, deadlineSeconds: syncTimeoutSeconds, signal: ports.signal };
  const revision = await syncRepo(request, ports);
  progress.revision = revision;
  ports.log({ event: "repo-synced", url, ref: repo.ref, revision, seconds: secondsSince(ports.clock, startMs) });
  const desired = await loadUnits(ports.store.current, machine.role);
  progress.unitsTotal = desired.length;
  ports.reporter.report({ kind: "repo-synced", revision, units: desired.map(({ unit }) => unit) });
  return desired;
}

function endOfError(error: unknown): RunEnd {
  if (!(error instanceof AgentError)) return { exitCode: EXIT_CODE.broken, reason: messageOf(error) };
  const { code, message, hint, problems } = error;
  return { exitCode: EXIT_CODE_OF_ERROR[code], reason: message, problems, ...(hint === undefined ? {} : { hint }) };
}

function announce(end: RunEnd, progress: Progress, seconds: number, { log, reporter }: RunPorts): void {
  for (const { message, ...where } of end.problems ?? []) log({ event: "problem", ...where, problem: message });
  const summary = {
    outcome: end.exitCode === EXIT_CODE.running ? "running" : "failed",
    ...(end.reason === undefined ? {} : { reason: end.reason.slice(0, REASON_LENGTH) }),
    unitsOk: progress.unitsOk,
    unitsTotal: progress.unitsTotal,
    seconds,
  } as const;
  log({ event: "run-finished", ...summary, ...(end.hint === undefined ? {} : { hint: end.hint }) });
  reporter.report({
    kind: "run-finished",
    ...summary,
    ...(end.failedUnit === undefined ? {} : { failedUnit: end.failedUnit }),
    ...(progress.revision === undefined ? {} : { revision: progress.revision }),
  });
}
