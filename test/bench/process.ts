import { spawn } from "node:child_process";
import { once } from "node:events";
import { type Argv, startChild } from "@railhead/testkit";

/** A program in the background, that dies with this process. */
export interface BackgroundProcess {
  /** The first line, on standard error, past or future. @throws Error with all its words when it ends before */
  readonly line: (pattern: RegExp) => Promise<void>;
  /** Never settles while the program runs; then fails with its words. */
  readonly failed: Promise<never>;
  /** SIGKILL, and waits until it is gone. */
  readonly stop: () => Promise<void>;
}

/** Starts a program that logs on standard error. */
export function startInBackground(argv: Argv): BackgroundProcess {
  const child = startChild(argv);
  const closed = once(child, "close");
  let words = "";
  let look = (): void => undefined;
  child.stdout.resume();
  child.stderr.setEncoding("utf8").on("data", (text: string) => {
    words += text;
    look();
  });
  const failed = closed.then(([code, signal]): never => {
    throw new Error(`${argv.join(" ")} ended with ${String(code ?? signal)}: ${words.trim()}`);
  });
  failed.catch(() => undefined);
  return {
    failed,
    line: (pattern) => {
      const seen = new Promise<void>((resolve) => {
        look = () => {
          if (pattern.test(words)) resolve();
        };
        look();
      });
      return Promise.race([seen, failed]);
    },
    stop: async () => {
      child.kill("SIGKILL");
      await closed;
    },
  };
}

/**
 * The command as the first process of a process namespace: when it is killed, even by SIGKILL, the kernel kills all
 * that it started.
 */
export function enclosed(unshare: string, argv: Argv): Argv {
  return [unshare, "--pid", "--fork", "--kill-child=KILL", "--", ...argv];
}

/** Milliseconds from spawn to exit. @throws Error when it does not exit with 0 */
export async function timeToExit([file, ...args]: Argv): Promise<number> {
  const start = performance.now();
  const child = spawn(file, args, { stdio: ["ignore", "ignore", "inherit"] });
  const [code] = await once(child, "exit");
  const milliseconds = performance.now() - start;
  if (code !== 0) throw new Error(`${[file, ...args].join(" ")} ended with ${String(code)}`);
  return milliseconds;
}

/** How many bytes a command writes to its standard output. */
export async function outputBytes([file, ...args]: Argv): Promise<number> {
  const child = spawn(file, args, { stdio: ["ignore", "pipe", "inherit"] });
  let bytes = 0;
  child.stdout.on("data", (chunk: Buffer) => (bytes += chunk.length));
  const [code] = await once(child, "close");
  if (code !== 0) throw new Error(`${[file, ...args].join(" ")} ended with ${String(code)}`);
  return bytes;
}
