import { readFile } from "node:fs/promises";
import { AGENT_SETTINGS_PATH, type AgentSettings } from "@railhead/provisioning/contract";
import { AgentError } from "../agent-error.ts";
import { systemClock } from "../clock.ts";
import type { Log } from "../log.ts";
import { createPinoLog } from "../pino-log.ts";
import { runCommand } from "../process/run-command.ts";
import { openCheckoutStore } from "../repo/checkout-store.ts";
import { simpleGitRemote } from "../repo/simple-git-remote.ts";
import { createHttpReportSink } from "../report/http-report-sink.ts";
import { createReporter, type Reporter, silentReporter } from "../report/reporter.ts";
import { readSettings } from "../settings/read-settings.ts";
import { createSystemctl } from "../systemd/systemctl.ts";
import { openUnitDirectory, SYSTEM_UNIT_DIRECTORY } from "../systemd/unit-directory.ts";
import { AGENT_VERSION } from "../version.ts";
import { EXIT_CODE_OF_ERROR } from "./exit-codes.ts";
import { runAgent } from "./run-agent.ts";

export interface RunFlags {
  /** The settings file; by default where Ignition writes it. */
  readonly settings?: string;
  /** How long to wait for the config repo, in seconds. */
  readonly syncTimeout: number;
}

/**
 * `railhead-agent run`: the one place where the run meets the real git, systemd, clock and network.
 *
 * Returns the exit code. SIGTERM and SIGINT end the run at the next step, with a last report.
 */
export async function run(flags: RunFlags): Promise<number> {
  const log = createPinoLog();
  let settings: AgentSettings;
  try {
    settings = await readSettings(flags.settings ?? AGENT_SETTINGS_PATH);
  } catch (error) {
    if (!(error instanceof AgentError)) throw error;
    for (const { message, ...where } of error.problems) log({ event: "problem", ...where, problem: message });
    const hint = error.hint === undefined ? {} : { hint: error.hint };
    log({
      event: "run-finished",
      outcome: "failed",
      unitsOk: 0,
      unitsTotal: 0,
      seconds: 0,
      reason: error.message,
      ...hint,
    });
    return EXIT_CODE_OF_ERROR[error.code];
  }
  const stopping = new AbortController();
  const stop = () => stopping.abort();
  process.once("SIGTERM", stop);
  process.once("SIGINT", stop);
  return runAgent(
    settings,
    { agentVersion: AGENT_VERSION, syncTimeoutSeconds: flags.syncTimeout },
    {
      remote: simpleGitRemote,
      store: openCheckoutStore(settings.stateDir),
      systemd: createSystemctl(runCommand),
      unitDirectory: openUnitDirectory(SYSTEM_UNIT_DIRECTORY),
      reporter: await openReporter(settings, log),
      clock: systemClock,
      log,
      signal: stopping.signal,
    },
  );
}

async function openReporter({ server, machine }: AgentSettings, log: Log): Promise<Reporter> {
  if (server === undefined) return silentReporter;
  const bootId = (await readFile("/proc/sys/kernel/random/boot_id", "utf8")).trim();
  const identity = { machine: machine.name, mac: machine.mac, bootId, agentVersion: AGENT_VERSION };
  return createReporter({ identity, sink: createHttpReportSink(server), clock: systemClock, log });
}
