import { Command, CommanderError, InvalidArgumentError } from "commander";
import { messageOf } from "./agent-error.ts";
import { EXIT_CODE } from "./run/exit-codes.ts";
import type { RunFlags } from "./run/run-command-line.ts";
import { AGENT_VERSION } from "./version.ts";

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
    .option("--settings <file>", "the machine's settings (default: what Ignition wrote, /etc/railhead/agent.json)")
    .option(
      "--sync-timeout <seconds>",
      "how long to wait for the config repo",
      parseSeconds,
      DEFAULT_SYNC_TIMEOUT_SECONDS,
    )
    .action(async (flags: RunFlags) => {
      // Loaded only now, which makes `version` and `--help` a third faster.
      const { run } = await import("./run/run-command-line.ts");
      onExitCode(await run(flags));
    });
  program
    .command("version")
    .description("print the agent's version")
    .action(() => console.log(AGENT_VERSION));
  return program;
}

function parseSeconds(text: string): number {
  const seconds = Number(text);
  if (/^\d+(?:\.\d+)?$/.test(text) && seconds <= 86_400) return seconds;
  throw new InvalidArgumentError("a number of seconds, at most a day");
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

// What ps and systemctl status show; a single executable is called MainThread otherwise.
process.title = "railhead-agent";
// process.exit, not process.exitCode: an idle connection to a server must not keep the agent alive.
void main().then((exitCode) => process.exit(exitCode));
