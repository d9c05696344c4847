import { execFile } from "node:child_process";

/** How a command ended. A non-zero exit is an outcome, not an error. */
export type CommandOutcome =
  | { readonly kind: "exited"; readonly exitCode: number; readonly stdout: string; readonly stderr: string }
  | { readonly kind: "timed-out" }
  | { readonly kind: "interrupted" };

export interface CommandLimits {
  readonly timeoutMs: number;
  readonly signal?: AbortSignal | undefined;
}

/** Runs a program: argv in, how it ended out. Rejects when it cannot be started at all. */
export type RunCommand = (argv: readonly [string, ...string[]], limits: CommandLimits) => Promise<CommandOutcome>;

/** More than any answer we ask for: 50 journal lines of systemd's 48 KiB line limit. */
const MAX_OUTPUT_BYTES = 8 * 1024 * 1024;

/** Runs `argv` without a shell, in the C locale, so that its output is what the parsers were tested on. */
export const runCommand: RunCommand = (argv, { timeoutMs, signal }) => {
  const [program, ...args] = argv;
  const env = {
    ...process.env,
    LC_ALL: "C.UTF-8",
    SYSTEMD_COLORS: "0",
    SYSTEMD_PAGER: "",
    SYSTEMD_LOG_LEVEL: "notice",
  };
  return new Promise((resolve, reject) => {
    if (signal?.aborted === true) {
      resolve({ kind: "interrupted" });
      return;
    }
    const options = {
      env,
      timeout: timeoutMs,
      maxBuffer: MAX_OUTPUT_BYTES,
      killSignal: "SIGKILL",
      ...(signal && { signal }),
    } as const;
    const child = execFile(program, args, options, (error, stdout, stderr) => {
      if (error === null) resolve({ kind: "exited", exitCode: 0, stdout, stderr });
      else if (error.name === "AbortError") resolve({ kind: "interrupted" });
      else if (typeof error.code === "number") resolve({ kind: "exited", exitCode: error.code, stdout, stderr });
      else if (child.killed) resolve({ kind: "timed-out" });
      else reject(error);
    });
  });
};
