import { spawn } from "node:child_process";
import { once } from "node:events";
import { closeSync, existsSync, openSync, readdirSync, readFileSync } from "node:fs";
import { setTimeout } from "node:timers/promises";
import type { Argv } from "@railhead/testkit";
import { pathOf } from "../needs.ts";
import type { Namespace } from "./cable.ts";

/** A server under measurement. */
export interface Daemon {
  /** Processor time of the process and of what it started, in seconds; the kernel counts in steps of 10 ms. */
  readonly cpuSeconds: () => number;
  /** The largest resident set since it was started. */
  readonly peakMegabytes: () => number;
  /** SIGKILL, and waits until it is gone. */
  readonly stop: () => Promise<void>;
}

export interface DaemonPlan {
  readonly namespace: Namespace;
  readonly argv: Argv;
  readonly environment?: Readonly<Record<string, string>>;
  /** What it says goes into this file, as it would under a service manager: nobody spends time on reading it. */
  readonly logFile: string;
  /** It serves once something is bound to each of these. */
  readonly ready: readonly Port[];
}

export interface Port {
  readonly protocol: "udp" | "tcp";
  readonly port: number;
}

const READY_LIMIT_MS = 20_000;
const TICKS_PER_SECOND = 100;

/** Starts a server that stays in the foreground; resolves when it listens. */
export async function startDaemon({ namespace, argv, environment, logFile, ready }: DaemonPlan): Promise<Daemon> {
  const log = openSync(logFile, "w");
  const [file, ...args] = [pathOf("setpriv"), "--pdeathsig", "KILL", "--", ...namespace.enter(argv)];
  const child = spawn(file ?? "", args, {
    stdio: ["ignore", log, log],
    env: { ...process.env, ...environment },
  });
  closeSync(log);
  const exited = once(child, "exit");
  const pid = child.pid ?? 0;
  const daemon: Daemon = {
    cpuSeconds: () => cpuTicks(pid) / TICKS_PER_SECOND,
    peakMegabytes: () => (Number(/^VmHWM:\s+([0-9]+) kB$/m.exec(status(pid))?.[1]) * 1024) / 1e6,
    stop: async () => {
      const started = childrenOf(pid);
      child.kill("SIGKILL");
      for (const other of started) endQuietly(other); // in.tftpd's are in sessions of their own
      if (child.exitCode === null && child.signalCode === null) await exited;
    },
  };
  const limit = performance.now() + READY_LIMIT_MS;
  while (!ready.every((port) => isBound(namespace, port))) {
    if (child.exitCode !== null || performance.now() > limit) {
      await daemon.stop();
      throw new Error(`${argv.join(" ")} did not start: ${readFileSync(logFile, "utf8").slice(-2000)}`);
    }
    await setTimeout(10);
  }
  return daemon;
}

function isBound(namespace: Namespace, { protocol, port }: Port): boolean {
  const suffix = `:${port.toString(16).toUpperCase().padStart(4, "0")}`;
  return readFileSync(`/proc/${namespace.pid}/net/${protocol}`, "utf8")
    .split("\n")
    .some((line) => (line.trim().split(/\s+/)[1] ?? "").endsWith(suffix));
}

function status(pid: number): string {
  return readFileSync(`/proc/${pid}/status`, "utf8");
}

/** utime, stime, and those of children that have ended, of the process and of all that descend from it. */
function cpuTicks(pid: number): number {
  const all = [pid, ...childrenOf(pid)].map((process) => {
    const fields = readFileSync(`/proc/${process}/stat`, "utf8").split(") ")[1]?.split(" ") ?? [];
    return fields.slice(11, 15).reduce((sum, field) => sum + Number(field), 0);
  });
  return all.reduce((sum, ticks) => sum + ticks, 0);
}

function childrenOf(pid: number): readonly number[] {
  if (!existsSync(`/proc/${pid}/task`)) return [];
  const threads = readdirSync(`/proc/${pid}/task`);
  const children = threads.flatMap((thread) =>
    readFileSync(`/proc/${pid}/task/${thread}/children`, "utf8").split(" ").filter(Boolean).map(Number),
  );
  return children.flatMap((child) => [child, ...childrenOf(child)]);
}

function endQuietly(pid: number): void {
  try {
    process.kill(pid, "SIGKILL");
  } catch {
    // It was gone already.
  }
}
