import { spawn } from "node:child_process";
import { once } from "node:events";
import { createWriteStream } from "node:fs";
import type { Readable, Writable } from "node:stream";
import { finished } from "node:stream/promises";
import { SandboxError } from "../sandbox-error.ts";
import type { Argv } from "./command.ts";
import { createLineSplitter } from "./lines.ts";
import { waitFor } from "./wait.ts";

/** How a process ended; exactly one of the two is set. */
export interface ChildExit {
  readonly code?: number;
  readonly signal?: string;
}

export interface ChildSpec {
  readonly argv: Argv;
  readonly environment?: Readonly<Record<string, string>>;
  /** Everything the child writes to standard output and standard error is appended to this file. */
  readonly logFile?: string;
  /** Called for each complete line. */
  readonly onLine?: (line: string, stream: "stdout" | "stderr") => void;
}

/** A long-lived process that dies with this one. */
export interface Child {
  readonly pid: number;
  /** Where the child reads from. It sees the end of input when this process dies, even by SIGKILL. */
  readonly stdin: Writable;
  /** Settles, never fails, when the child has ended and all its output was read. */
  readonly exited: Promise<ChildExit>;
  readonly hasExited: () => boolean;
  /** The last lines of both outputs. */
  readonly tail: () => readonly string[];
  /** SIGTERM to the child, SIGKILL to its whole process group when it is not gone within the limit. Idempotent. */
  readonly stop: (limitMs?: number) => Promise<void>;
}

const TAIL_LINES = 40;

/**
 * Runs a command if the parent is still the one whose pid comes first. One that died between the fork and the request
 * for its death signal will send none.
 */
const UNLESS_ORPHANED = ["sh", "-c", '[ "$PPID" = "$0" ] && exec "$@"'] as const;

/**
 * Starts a process that cannot outlive this one: the kernel kills it when its parent dies (`PR_SET_PDEATHSIG`), which
 * survives `exec` but not `fork`, so the program must not put itself into the background. It gets a session of its own:
 * Ctrl-C at the terminal reaches the sandbox alone, which then stops its children in the right order.
 */
export async function startChild(spec: ChildSpec): Promise<Child> {
  const started = spawn(
    "setpriv",
    ["--pdeathsig", "KILL", "--", ...UNLESS_ORPHANED, String(process.pid), ...spec.argv],
    {
      env: { ...process.env, ...spec.environment },
      stdio: ["pipe", "pipe", "pipe"],
      detached: true,
    },
  );
  started.stdin.on("error", () => undefined);
  const tail: string[] = [];
  const listener = (stream: "stdout" | "stderr") => (line: string) => {
    tail.push(line);
    tail.splice(0, Math.max(0, tail.length - TAIL_LINES));
    spec.onLine?.(line, stream);
  };
  const reading = Promise.all([
    readLines(started.stdout, listener("stdout"), spec.logFile),
    readLines(started.stderr, listener("stderr"), spec.logFile),
  ]);
  const exited = once(started, "exit").then(async ([code, signal]): Promise<ChildExit> => {
    // A grandchild may keep the pipes open; its words are not worth waiting for.
    await waitFor(reading, { timeoutMs: 1000 }).catch(() => undefined);
    return typeof code === "number" ? { code } : { signal: String(signal) };
  });
  exited.catch(() => undefined);
  try {
    await once(started, "spawn");
  } catch (cause) {
    throw new SandboxError("command-failed", `${spec.argv.join(" ")}: cannot be started`, { cause });
  }
  const { pid } = started;
  if (pid === undefined) {
    throw new SandboxError("command-failed", `${spec.argv.join(" ")}: cannot be started`);
  }
  const hasExited = (): boolean => started.exitCode !== null || started.signalCode !== null;
  return {
    pid,
    stdin: started.stdin,
    exited,
    hasExited,
    tail: () => [...tail],
    stop: async (limitMs = 3000) => {
      if (hasExited()) {
        return;
      }
      started.kill("SIGTERM");
      await waitFor(exited, { timeoutMs: limitMs }).catch(() => killGroup(pid));
      await exited;
    },
  };
}

/** "exit code 1" or "signal SIGKILL". */
export function describeExit(exit: ChildExit): string {
  return exit.signal === undefined ? `exit code ${exit.code}` : `signal ${exit.signal}`;
}

function killGroup(pid: number): void {
  try {
    process.kill(-pid, "SIGKILL");
  } catch {
    // ESRCH: it ended by itself between the limit and here.
  }
}

async function readLines(stream: Readable, onLine: (line: string) => void, logFile: string | undefined): Promise<void> {
  const splitter = createLineSplitter(onLine);
  stream.setEncoding("utf8").on("data", (text: string) => splitter.push(text));
  const logged = logFile === undefined ? undefined : appendTo(logFile, stream);
  await finished(stream, { writable: false }).catch(() => undefined);
  splitter.end();
  await logged;
}

/** A full disk loses log lines; it must not end the sandbox, which is about to report it. */
async function appendTo(logFile: string, stream: Readable): Promise<void> {
  const file = createWriteStream(logFile, { flags: "a" });
  stream.pipe(file);
  await finished(file).catch(() => stream.resume());
}
