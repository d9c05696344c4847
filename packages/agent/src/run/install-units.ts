import { AgentError, type Problem } from "../agent-error.ts";
import { type Clock, secondsSince } from "../clock.ts";
import type { Log } from "../log.ts";
import type { Systemd } from "../systemd/systemd.ts";
import type { UnitDirectory } from "../systemd/unit-directory.ts";
import { dependsOnAgent } from "../units/agent-unit.ts";
import type { DesiredUnit, UnitFile } from "../units/desired-unit.ts";
import type { ActualState } from "../units/plan.ts";

interface InstallPorts {
  readonly systemd: Systemd;
  readonly unitDirectory: UnitDirectory;
  readonly clock: Clock;
  readonly log: Log;
}

/**
 * Looks up what is there now of the desired units.
 *
 * Throws `AgentError` `config-invalid` when a unit file would replace something that is no plain file.
 */
export async function inspectUnits(
  desired: readonly DesiredUnit[],
  { systemd, unitDirectory }: InstallPorts,
): Promise<ActualState> {
  const installed = new Map<string, string>();
  const problems: Problem[] = [];
  for (const name of new Set(desired.flatMap(({ files }) => files.map((file) => file.name)))) {
    const file = await unitDirectory.read(name);
    if (file.kind === "file") installed.set(name, file.content);
    if (file.kind === "foreign")
      problems.push({ file: name, message: "on this machine is a link or a folder, so it is masked or another's" });
  }
  if (problems.length > 0) throw refusal(problems);
  const units = [...new Set(desired.flatMap(({ unit, companions }) => [unit, ...companions]))];
  const states = await systemd.show(units);
  return { installed, states: new Map(states.map((state) => [state.unit, state])) };
}

/** Puts the files in place and has systemd read them, once for all of them. */
export async function installUnits(
  files: readonly UnitFile[],
  needsReload: boolean,
  ports: InstallPorts,
): Promise<void> {
  for (const { name, content } of files) {
    await ports.unitDirectory.write(name, content);
    ports.log({ event: "unit-file-installed", file: name });
  }
  if (files.length === 0 && !needsReload) return;
  const startMs = ports.clock.elapsedMs();
  await ports.systemd.reload();
  ports.log({ event: "systemd-reloaded", seconds: secondsSince(ports.clock, startMs) });
}

/** SW-64: throws `AgentError` `config-invalid` for units that would wait for the agent. None has been started. */
export async function refuseDeadlocks(units: readonly string[], { systemd }: InstallPorts): Promise<void> {
  const problems = (await systemd.show(units)).flatMap((state): Problem[] => {
    const message = dependsOnAgent(state);
    return message === undefined ? [] : [{ file: state.unit, message }];
  });
  if (problems.length > 0) throw refusal(problems);
}

function refusal(problems: readonly Problem[]): AgentError {
  const summary = problems.map(({ file, message }) => `${file} ${message}`).join("; ");
  return new AgentError("config-invalid", summary, { problems, hint: "no unit was started" });
}
