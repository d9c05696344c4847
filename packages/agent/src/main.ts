import { readFile } from "node:fs/promises";
import { AGENT_SETTINGS_PATH, type AgentSettings } from "@railhead/provisioning/contract";
import { Command, CommanderError, InvalidArgumentError } from "commander";
import { AgentError, messageOf } from "./agent-error.ts";
import { systemClock } from "./clock.ts";
import type { Log } from "./log.ts";
import { createPinoLog } from "./pino-log.ts";
import { runCommand } from "./process/run-command.ts";
import { openCheckoutStore } from "./repo/checkout-store.ts";
import { simpleGitRemote } from "./repo/simple-git-remote.ts";
import { createHttpReportSink } from "./report/http-report-sink.ts";
import { createReporter, type Reporter, silentReporter } from "./report/reporter.ts";
import { EXIT_CODE, EXIT_CODE_OF_ERROR } from "./run/exit-codes.ts";
import { runAgent } from "./run/run-agent.ts";
import { readSettings } from "./settings/read-settings.ts";
import { createSystemctl } from "./systemd/systemctl.ts";
import { openUnitDirectory, SYSTEM_UNIT_DIRECTORY } from "./systemd/unit-directory.ts";
import { AGENT_VERSION } from "./version.ts";

interface RunFlags {
  readonly settings: string;
  readonly syncTimeout: number;
}

/** Five minutes: a boot server that is rebooted itself, or a name service that comes late (SW-21). */
const DEFAULT_SYNC_TIMEOUT_SECONDS = 300;

function createProgram(onExitCode: (exitCode: number) => void): Command {
  const program = new Command("railhead-agent")
    .description("Starts a machine's units in the order its role's list in the config repo gives")
    .version(AGENT_VERSION, "-V, --version")
    .exitOverride()
    .addHelpText(
      "after",
      `
Exit codes of run:
  0  all units of the list run or have finished
  1  a unit failed; the units after it were not started
  2  bad settings or bad usage
  3  the config repo cannot be had, or it or its list is wrong
  4  systemd cannot be reached, or the agent has a bug`,
    );
  program
    .command("run")
    .description("fetch the config repo and start the units; what railhead-agent.service calls")
    .option("--settings <file>", "the machine's settings", AGENT_SETTINGS_PATH)
    .option(
      "--sync-timeout <seconds>",
      "how long to wait for the config repo",
      parseSeconds,
      DEFAULT_SYNC_TIMEOUT_SECONDS,
    )
    .action(async (flags: RunFlags) => onExitCode(await run(flags)));
  program
    .command("version")
    .description("print the agent's version")
    .action(() => console.log(AGENT_VERSION));
  return program;
}

function parseSeconds(text: string): number {
  const seconds = Number(text);
  if (!/^\d+(?:\.\d+)?$/.test(text) || seconds > 86_400)
    throw new InvalidArgumentError("a number of seconds, at most a day");
  return seconds;
}

async function run(flags: RunFlags): Promise<number> {
  const log = createPinoLog();
  let settings: AgentSettings;
  try {
    settings = await readSettings(flags.settings);
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

async function main(): Promise<number> {
  let exitCode: number = EXIT_CODE.running;
  try {
    await createProgram((code) => {
      exitCode = code;
    }).parseAsync();
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT_CODE.running : EXIT_CODE.badSettings;
    console.error(`railhead-agent: ${messageOf(error)}`);
    return EXIT_CODE.broken;
  }
  return exitCode;
}

// process.exit, not process.exitCode: an idle connection to a server must not keep the agent alive.
void main().then((exitCode) => process.exit(exitCode));
