import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { readLines } from "./lines.ts";
import { type Argv, exitOf, type ProcessExit, startChild } from "./subprocess.ts";

/** One line of the server's log. */
export interface LabEvent {
  readonly event: string;
  readonly [fact: string]: unknown;
}

/** The boot server as a process of its own: the real command. */
export interface LabServer extends AsyncDisposable {
  readonly pid: number;
  /** Everything it has said so far, in order. */
  readonly events: readonly LabEvent[];
  stderr(): string;
  /** Settles when it has ended and all its events have been read. */
  readonly exited: Promise<ProcessExit>;
  /**
   * The first event, past or future, that satisfies the predicate.
   * @throws Error when none comes in time, or the server ends
   */
  waitForEvent(predicate: (event: LabEvent) => boolean, options?: WaitOptions): Promise<LabEvent>;
  signal(name: NodeJS.Signals): void;
  /** `kill -9`, and waits until it is gone. */
  kill(): Promise<void>;
  /** Memory in use now, in MiB. */
  residentMiB(): number;
}

export interface WaitOptions {
  readonly timeoutMs?: number;
  /** Look only at events from this index on. */
  readonly from?: number;
}

/** From the sources, so that no build is needed and none can be out of date. */
const SERVE: Argv = [
  process.execPath,
  "--conditions=railhead-source",
  fileURLToPath(new URL("../../../cli/src/main.ts", import.meta.url)),
  "serve",
];

/** `railhead serve`, as a command. */
export function serveCommand(configFile: string, ...options: readonly string[]): Argv {
  return [...SERVE, "--config", configFile, ...options];
}

/** Starts the server; it need not be ready, nor even succeed. */
export function startLabServer(argv: Argv): LabServer {
  const child = startChild(argv);
  const events: LabEvent[] = [];
  const waiting = new Set<() => void>();
  const wake = () => {
    for (const look of [...waiting]) look();
  };
  let stderr = "";
  child.stderr.setEncoding("utf8").on("data", (text: string) => (stderr += text));
  readLines(child.stdout, (line) => {
    events.push(readEvent(line));
    wake();
  });
  let exit: ProcessExit | undefined;
  const exited = exitOf(child).then((ended) => {
    exit = ended;
    wake();
    return ended;
  });
  const server: LabServer = {
    pid: child.pid ?? 0,
    events,
    stderr: () => stderr,
    exited,
    waitForEvent: (predicate, { timeoutMs = 20_000, from = 0 } = {}) =>
      new Promise((resolve, reject) => {
        let next = from;
        const look = () => {
          for (; next < events.length; next += 1) {
            const event = events[next];
            if (event !== undefined && predicate(event)) return settle(() => resolve(event));
          }
          if (exit !== undefined)
            settle(() => reject(new Error(`the server ended: ${JSON.stringify(exit)}: ${stderr}`)));
        };
        const timer = setTimeout(() => {
          const last = events.slice(-5).map((event) => JSON.stringify(event));
          settle(() => reject(new Error(`no such event in ${timeoutMs} ms; the last were\n${last.join("\n")}`)));
        }, timeoutMs);
        const settle = (act: () => void) => {
          clearTimeout(timer);
          waiting.delete(look);
          act();
        };
        waiting.add(look);
        look();
      }),
    signal: (name) => void child.kill(name),
    async kill() {
      child.kill("SIGKILL");
      await exited;
    },
    residentMiB: () =>
      Number(/^VmRSS:\s+([0-9]+) kB$/m.exec(readFileSync(`/proc/${child.pid}/status`, "utf8"))?.[1]) / 1024,
    [Symbol.asyncDispose]: () => server.kill(),
  };
  return server;
}

function readEvent(line: string): LabEvent {
  const value: unknown = JSON.parse(line);
  if (typeof value !== "object" || value === null || !("event" in value) || typeof value.event !== "string") {
    throw new Error(`not an event: ${line}`);
  }
  return { ...value, event: value.event };
}
