import { spawn } from "node:child_process";
import { SandboxError } from "../sandbox-error.ts";
import { waitFor } from "./wait.ts";

export interface CommandOptions {
  /** Written to the command's standard input, which is empty otherwise. */
  readonly input?: string;
  readonly cwd?: string;
  /** Added to the environment of this process. */
  readonly environment?: Readonly<Record<string, string>>;
  /** Default 30. The command is killed when it passes. */
  readonly timeoutSeconds?: number;
  readonly signal?: AbortSignal | undefined;
}

export type Argv = readonly [string, ...string[]];

/**
 * Runs a short command to its end and returns what it wrote to standard output.
 * Throws `command-failed` with the command's own words when it cannot start or exits with anything but 0, `timed-out`
 * and `interrupted` when a limit ended it.
 */
export async function runCommand(argv: Argv, options: CommandOptions = {}): Promise<string> {
  const [file, ...args] = argv;
  const child = spawn(file, args, {
    cwd: options.cwd,
    env: { ...process.env, ...options.environment },
    stdio: ["pipe", "pipe", "pipe"],
    detached: true,
  });
  let stdout = "";
  let stderr = "";
  child.stdout.setEncoding("utf8").on("data", (text: string) => (stdout += text));
  child.stderr.setEncoding("utf8").on("data", (text: string) => (stderr += text));
  // A command that does not read its input closes the pipe; its exit code says whether that matters.
  child.stdin.on("error", () => undefined);
  child.stdin.end(options.input ?? "");
  const ended = new Promise<string>((resolve, reject) => {
    child.once("error", (cause) =>
      reject(new SandboxError("command-failed", `${file}: cannot be started: ${cause.message}`, { cause })),
    );
    child.once("close", (code, signal) => {
      if (code === 0) {
        resolve(stdout);
      } else {
        const words = (stderr.trim() === "" ? stdout : stderr).trim().split("\n").slice(-5).join("\n");
        reject(new SandboxError("command-failed", `${argv.join(" ")}: ended with ${signal ?? code}: ${words}`));
      }
    });
  });
  const seconds = options.timeoutSeconds ?? 30;
  try {
    return await waitFor(ended, {
      signal: options.signal,
      timeoutMs: seconds * 1000,
      onTimeout: () => new SandboxError("timed-out", `${argv.join(" ")}: did not end within ${seconds} s`),
    });
  } finally {
    if (child.exitCode === null && child.signalCode === null) {
      child.kill("SIGKILL");
    }
  }
}
