import { mkdir, rm, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import {
  type AgentSettings,
  agentSettingsSchema,
  type NodeReport,
  nodeReportSchema,
} from "@railhead/provisioning/contract";
import type { Clock } from "../src/clock.ts";
import type { AgentEvent } from "../src/log.ts";
import { openCheckoutStore } from "../src/repo/checkout-store.ts";
import type { GitRemote } from "../src/repo/git-remote.ts";
import type { ReportSink } from "../src/report/report-sink.ts";
import { createReporter } from "../src/report/reporter.ts";
import { runAgent } from "../src/run/run-agent.ts";
import type { JobOutcome, Systemd } from "../src/systemd/systemd.ts";
import { openUnitDirectory } from "../src/systemd/unit-directory.ts";
import type { UnitState } from "../src/systemd/unit-state.ts";

export const REVISION = "0123456789abcdef0123456789abcdef01234567";

/** A service at rest. */
export const down: UnitState = {
  unit: "",
  loadState: "loaded",
  activeState: "inactive",
  subState: "dead",
  result: "success",
  type: "notify",
  mainStatus: 0,
  restarts: 0,
  conditions: "held",
  needsReload: false,
  after: [],
  requires: [],
  requisite: [],
  bindsTo: [],
  partOf: [],
  conflicts: [],
};
/** A service that runs and has said so. */
export const up: UnitState = { ...down, activeState: "active", subState: "running" };

/** How one unit of the model behaves when it is started. */
interface Behaviour {
  readonly job?: JobOutcome;
  /** What systemd shows afterwards, look by look; the last stays. */
  readonly shows?: readonly Partial<UnitState>[];
}

/**
 * A machine for tests: a config repo on disk, a unit directory on disk, and a model of systemd that notes every call.
 * Its clock does not wait.
 */
export class ModelMachine {
  readonly calls: string[] = [];
  readonly events: AgentEvent[] = [];
  readonly reports: NodeReport[] = [];
  readonly behaviour = new Map<string, Behaviour>();
  readonly states = new Map<string, UnitState>();
  readonly stopping = new AbortController();
  elapsedMs = 0;
  checkOut: () => void = () => undefined;
  send: ReportSink["send"] = async (report) => {
    // As it travels: JSON, read by the server's schema.
    this.reports.push(nodeReportSchema.parse(JSON.parse(JSON.stringify(report))));
    return { kind: "accepted" };
  };
  readonly root: string;

  constructor(root: string) {
    this.root = root;
  }

  readonly clock: Clock = {
    now: () => new Date(Date.UTC(2026, 10, 20) + this.elapsedMs),
    elapsedMs: () => this.elapsedMs,
    sleep: async (ms, signal) => {
      // The grace time at the end must lose against reports that can be sent.
      await new Promise((resolve) => setImmediate(resolve));
      if (signal?.aborted !== true) this.elapsedMs += ms;
    },
  };

  readonly remote: GitRemote = {
    checkOut: async ({ directory }) => {
      this.checkOut();
      await rm(directory, { recursive: true });
      await symlink(join(this.root, "config"), directory);
      return REVISION;
    },
  };

  readonly systemd: Systemd = {
    show: async (units) =>
      units.map((unit) => {
        const [next, ...later] = this.behaviour.get(unit)?.shows ?? [];
        const state = { ...down, ...this.states.get(unit), unit };
        if (this.calls.some((call) => call.endsWith(` ${unit}`)) && next !== undefined) {
          if (later.length > 0) this.behaviour.set(unit, { ...this.behaviour.get(unit), shows: later });
          return { ...up, ...next, unit };
        }
        return state;
      }),
    reload: async () => {
      this.calls.push("reload");
    },
    start: async (unit, how) => {
      this.calls.push(`${how} ${unit}`);
      const job = this.behaviour.get(unit)?.job ?? { kind: "done" };
      if (job.kind === "done") this.states.set(unit, { ...up, unit });
      return job;
    },
    stop: async (unit, { wait }) => {
      this.calls.push(`${wait ? "stop" : "cancel"} ${unit}`);
      return { kind: "done" };
    },
    conditionsHold: async () => true,
    forgetFailure: async (unit) => {
      this.calls.push(`forget ${unit}`);
    },
    journalTail: async (unit) => Array.from({ length: 80 }, (_, line) => `${unit} says ${line} ${"x".repeat(600)}`),
  };

  async config(files: Record<string, string>): Promise<void> {
    await rm(join(this.root, "config"), { recursive: true, force: true });
    for (const [name, content] of Object.entries(files)) {
      const path = join(this.root, "config", name);
      await mkdir(join(path, ".."), { recursive: true });
      await writeFile(path, content);
    }
  }

  /** A worker's list with these units, each with a file. */
  async units(...units: string[]): Promise<void> {
    const files = units.map((unit) => [`systemd-units/${unit}`, `# ${unit}\n`]);
    await this.config({ "worker-systemd-units.txt": units.join("\n"), ...Object.fromEntries(files) });
  }

  async run(): Promise<number> {
    const { clock, remote, systemd, events, stopping } = this;
    const log = (event: AgentEvent) => void events.push(event);
    const identity = {
      machine: "core-02",
      mac: "52:54:00:77:00:02",
      bootId: "7c3b1b1e-0a52-4c0b-9d65-6f9d3b3e6f10",
      agentVersion: "0.1.0",
    };
    const settings: AgentSettings = agentSettingsSchema.parse({
      machine: { name: identity.machine, mac: identity.mac, role: "worker" },
      repo: { url: "http://deploy:hunter2@10.77.0.1/config.git", ref: "main" },
      stateDir: join(this.root, "state"),
      unitTimeoutSeconds: 5,
    });
    this.calls.length = 0;
    this.reports.length = 0;
    const sink: ReportSink = { send: (report, signal) => this.send(report, signal) };
    return runAgent(
      settings,
      { agentVersion: "0.1.0", syncTimeoutSeconds: 30 },
      {
        remote,
        store: openCheckoutStore(settings.stateDir),
        systemd,
        unitDirectory: openUnitDirectory(join(this.root, "units")),
        reporter: createReporter({ identity, sink, clock, log }),
        clock,
        log,
        signal: stopping.signal,
      },
    );
  }

  lastReport(): NodeReport | undefined {
    return this.reports.at(-1);
  }
}
