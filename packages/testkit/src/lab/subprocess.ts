import { type ChildProcessByStdio, spawn } from "node:child_process";
import { once } from "node:events";
import type { Readable, Writable } from "node:stream";

export type Argv = readonly [string, ...string[]];

/** How a command ended and what it said. */
export interface CommandResult {
  /** `undefined` when a signal ended it. */
  readonly code: number | undefined;
  readonly stdout: Buffer;
  readonly stderr: string;
}

export interface CommandOptions {
  readonly input?: string | Uint8Array;
  readonly cwd?: string;
  readonly environment?: Readonly<Record<string, string>>;
  /** Default 50 s, so that a command that hangs is named before the test's own limit passes. */
  readonly timeoutMs?: number;
}

/** The kernel kills the child when its parent dies, so that nothing outlives a test worker, however that ends. */
const WITH_PARENT: Argv = [
  "setpriv",
  ...["--pdeathsig", "KILL", "--"],
  // A parent that died before its death signal was asked for will send none.
  ...["sh", "-c", '[ "$PPID" = "$0" ] && exec "$@"', String(process.pid)],
];

/**
 * Runs a command to its end, whatever its exit code.
 *
 * @throws Error when it cannot be started or takes too long
 */
export async function runCommand(argv: Argv, options: CommandOptions = {}): Promise<CommandResult> {
  const child = startChild(argv, options);
  const stdout: Buffer[] = [];
  let stderr = "";
  child.stdout.on("data", (chunk: Buffer) => stdout.push(chunk));
  child.stderr.setEncoding("utf8").on("data", (text: string) => (stderr += text));
  // A command that does not read its input closes the pipe; its exit code says whether that matters.
  child.stdin.on("error", () => undefined);
  child.stdin.end(options.input ?? "");
  const { timeoutMs = 50_000 } = options;
  let late = false;
  const timer = setTimeout(() => {
    late = true;
    child.kill("SIGKILL");
  }, timeoutMs);
  try {
    const [code] = await once(child, "close");
    if (late) throw new Error(`${argv.join(" ")}: did not end within ${timeoutMs} ms: ${stderr.slice(-1000)}`);
    return { code: typeof code === "number" ? code : undefined, stdout: Buffer.concat(stdout), stderr };
  } finally {
    clearTimeout(timer);
  }
}

/**
 * Runs a command that must succeed.
 *
 * @returns its standard output
 * @throws Error with its own words when it does not exit with 0
 */
export async function runOrThrow(argv: Argv, options?: CommandOptions): Promise<string> {
  const { code, stdout, stderr } = await runCommand(argv, options);
  if (code !== 0) throw new Error(`${argv.join(" ")}: exit code ${code}: ${stderr}${stdout.toString()}`);
  return stdout.toString();
}

/** A process with pipes, that dies with this one. */
export function startChild(
  argv: Argv,
  options: Pick<CommandOptions, "cwd" | "environment"> = {},
): ChildProcessByStdio<Writable, Readable, Readable> {
  const [file, ...args] = [...WITH_PARENT, ...argv];
  return spawn(file ?? "setpriv", args, {
    cwd: options.cwd,
    env: { ...process.env, ...options.environment },
    stdio: ["pipe", "pipe", "pipe"],
  });
}

/** How a process ended; exactly one of the two is set. */
export interface ProcessExit {
  readonly code?: number;
  readonly signal?: string;
}

/** Settles when the process has ended and all it said has been read. */
export async function exitOf(child: ChildProcessByStdio<Writable, Readable, Readable>): Promise<ProcessExit> {
  const [code, signal] = await once(child, "close");
  return typeof code === "number" ? { code } : { signal: String(signal) };
}
