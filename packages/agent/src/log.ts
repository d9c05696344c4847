import type { UnitOutcome } from "./systemd/judge.ts";
import type { UnitAction } from "./units/plan.ts";

interface UnitPosition {
  readonly unit: string;
  readonly index: number;
  readonly total: number;
}

/** Everything the agent says about itself: one event for each thing that happened. Never a file's content. */
export type AgentEvent =
  | { readonly event: "agent-started"; readonly version: string; readonly machine: string; readonly role: string }
  | {
      readonly event: "repo-attempt-failed";
      readonly attempt: number;
      readonly retrySeconds: number;
      readonly reason: string;
    }
  | {
      readonly event: "repo-synced";
      readonly url: string;
      readonly ref: string;
      readonly revision: string;
      readonly seconds: number;
    }
  | {
      readonly event: "problem";
      readonly file: string;
      readonly line?: number;
      readonly path?: string;
      readonly problem: string;
    }
  | { readonly event: "unit-file-installed"; readonly file: string }
  | { readonly event: "systemd-reloaded"; readonly seconds: number }
  | ({ readonly event: "unit-started"; readonly action: UnitAction } & UnitPosition)
  | ({
      readonly event: "unit-finished";
      readonly outcome: UnitOutcome;
      readonly seconds: number;
      readonly reason?: string;
      readonly journal?: readonly string[];
    } & UnitPosition)
  | { readonly event: "report-refused"; readonly kind: string; readonly status: number }
  | { readonly event: "reports-lost"; readonly count: number; readonly reason: string }
  | {
      readonly event: "run-finished";
      readonly outcome: "running" | "failed";
      readonly unitsOk: number;
      readonly unitsTotal: number;
      readonly seconds: number;
      readonly reason?: string;
      readonly hint?: string;
    };

/** Takes one event at a time. Never throws, never waits. */
export type Log = (event: AgentEvent) => void;

export type LogLevel = "info" | "warn" | "error";

/** How much an event matters. */
export function levelOf(event: AgentEvent): LogLevel {
  switch (event.event) {
    case "repo-attempt-failed":
    case "report-refused":
    case "reports-lost":
      return "warn";
    case "problem":
      return "error";
    case "unit-finished":
    case "run-finished":
      return event.outcome === "failed" ? "error" : "info";
    default:
      return "info";
  }
}

/** One short sentence for the person who reads the journal. */
export function sentenceOf(event: AgentEvent): string {
  switch (event.event) {
    case "agent-started":
      return `railhead-agent ${event.version} starts ${event.machine} as ${event.role}`;
    case "repo-attempt-failed":
      return `config repo not there yet (attempt ${event.attempt}), again in ${event.retrySeconds} s: ${event.reason}`;
    case "repo-synced":
      return `config repo at ${event.revision} (${event.ref})`;
    case "problem":
      return `${[event.file, event.line, event.path].filter((part) => part !== undefined && part !== "").join(":")}: ${event.problem}`;
    case "unit-file-installed":
      return `installed ${event.file}`;
    case "systemd-reloaded":
      return "systemd has read the new unit files";
    case "unit-started":
      return `unit ${event.index}/${event.total} ${event.unit}: ${event.action}`;
    case "unit-finished":
      return `unit ${event.index}/${event.total} ${event.unit} ${event.outcome}${because(event.reason)}`;
    case "report-refused":
      return `the boot server refused a report (${event.kind}) with status ${event.status}`;
    case "reports-lost":
      return `${event.count} reports did not reach the boot server: ${event.reason}`;
    // Only run-finished is left; another event would not have these fields.
    default:
      return `${event.outcome}: ${event.unitsOk} of ${event.unitsTotal} units${because(event.reason)}`;
  }
}

function because(reason: string | undefined): string {
  return reason === undefined ? "" : `: ${reason}`;
}
