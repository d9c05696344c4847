import { AgentError, isSystemError } from "../agent-error.ts";
import type { CommandOutcome, RunCommand } from "../process/run-command.ts";
import { parseShow, SHOWN_PROPERTIES } from "./parse-show.ts";
import type { JobOutcome, Systemd } from "./systemd.ts";

/** systemctl's own questions are answered in milliseconds, on a machine that swaps in seconds. */
const ANSWER_MS = 30_000;
/** A reload runs all generators again. */
const RELOAD_MS = 90_000;
/** Longer than systemd's own DefaultTimeoutStopSec of 90 s, after which it kills. */
const STOP_MS = 100_000;
const JOURNAL_MS = 5_000;

const SYSTEMCTL = ["systemctl", "--no-pager", "--no-ask-password"] as const;

/** systemd by way of its own tools; `run` starts them. */
export function createSystemctl(run: RunCommand): Systemd {
  /** Runs a command that has no reason to fail. */
  async function must(argv: readonly [string, ...string[]], timeoutMs: number): Promise<string> {
    const outcome = await runOrExplain(run, argv, { timeoutMs });
    if (outcome.kind === "exited" && outcome.exitCode === 0) return outcome.stdout;
    // "systemctl show" says enough; the options would only bury what went wrong.
    const words = argv.filter((word) => !word.startsWith("-")).slice(0, 2);
    throw new AgentError("systemd-failed", `${words.join(" ")}: ${explain(outcome)}`);
  }
  return {
    async show(units) {
      if (units.length === 0) return [];
      return parseShow(
        await must([...SYSTEMCTL, "show", `--property=${SHOWN_PROPERTIES.join(",")}`, "--", ...units], ANSWER_MS),
        units,
      );
    },
    async reload() {
      await must([...SYSTEMCTL, "daemon-reload"], RELOAD_MS);
    },
    async start(unit, how, limits) {
      return jobOutcome(await runOrExplain(run, [...SYSTEMCTL, how, "--", unit], limits));
    },
    async stop(unit, { wait }) {
      const argv = [...SYSTEMCTL, "stop", ...(wait ? [] : ["--no-block"]), "--", unit] as const;
      return jobOutcome(await runOrExplain(run, argv, { timeoutMs: wait ? STOP_MS : ANSWER_MS }));
    },
    async conditionsHold(unit) {
      const outcome = await runOrExplain(run, ["systemd-analyze", "condition", `--unit=${unit}`], {
        timeoutMs: ANSWER_MS,
      });
      return outcome.kind === "exited" && outcome.exitCode === 0;
    },
    async forgetFailure(unit) {
      await must([...SYSTEMCTL, "reset-failed", "--", unit], ANSWER_MS);
    },
    async journalTail(unit, lines) {
      // A process that has just died may have said why into a pipe that journald has not read yet.
      await run(["journalctl", "--sync"], { timeoutMs: JOURNAL_MS }).catch(() => undefined);
      const argv = [
        "journalctl",
        "--boot",
        `--unit=${unit}`,
        `--lines=${lines}`,
        "--no-pager",
        "--quiet",
        "--output=cat",
      ] as const;
      const outcome = await run(argv, { timeoutMs: JOURNAL_MS }).catch(() => undefined);
      if (outcome?.kind !== "exited") return [];
      return outcome.stdout
        .split("\n")
        .filter((line) => line !== "")
        .slice(-lines);
    },
  };
}

async function runOrExplain(run: RunCommand, ...[argv, limits]: Parameters<RunCommand>): Promise<CommandOutcome> {
  try {
    return await run(argv, limits);
  } catch (cause) {
    const hint = isSystemError(cause, "ENOENT") ? { hint: "the agent needs a machine that runs systemd" } : {};
    throw new AgentError("systemd-failed", `cannot run ${argv[0]}`, { cause, ...hint });
  }
}

function jobOutcome(outcome: CommandOutcome): JobOutcome {
  if (outcome.kind !== "exited") return outcome;
  return outcome.exitCode === 0 ? { kind: "done" } : { kind: "refused", message: explain(outcome) };
}

/** The first thing a command said; systemctl goes on with advice about other commands. */
function explain(outcome: CommandOutcome): string {
  if (outcome.kind !== "exited") return outcome.kind;
  const [first] = outcome.stderr.split("\n").filter((line) => line.trim() !== "");
  return first?.trim() ?? `exit code ${outcome.exitCode}`;
}
