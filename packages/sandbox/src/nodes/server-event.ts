import { type JsonObject, parseJsonObject } from "../json-object.ts";

/** How far the server has seen a machine come in its boot. In this order, but that it may fail at any point. */
export type ServerStage = "dhcp" | "ipxe" | "kernel" | "ignition" | "agent" | "unit" | "running" | "failed";

interface ProgressFacts {
  /** The machine's name; the MAC address of one that is not declared. */
  readonly machine: string;
  readonly address: string | undefined;
  readonly role: string | undefined;
  /** The commit of the config repo. */
  readonly revision: string | undefined;
  readonly unitsOk: number | undefined;
  readonly unitsTotal: number | undefined;
}

/** A machine has moved on, as the boot server sees it. */
export type MachineProgress =
  | (ProgressFacts & { readonly stage: "dhcp" | "ipxe" | "kernel" | "ignition" | "agent" | "running" })
  | (ProgressFacts & {
      readonly stage: "unit";
      readonly unit: string;
      /** From 1. */
      readonly index: number;
      readonly total: number;
    })
  | (ProgressFacts & {
      readonly stage: "failed";
      readonly reason: string;
      readonly failedUnit: string | undefined;
      /** The last lines of the failed unit's journal. */
      readonly journal: readonly string[];
    });

/** What the sandbox hears of what the boot server says; everything else goes to the log file only. */
export type ServerEvent =
  | { readonly kind: "ready" }
  | { readonly kind: "progress"; readonly progress: MachineProgress }
  /** The server goes on, but something is wrong that its operator has to know: a full disk, a broken data directory. */
  | { readonly kind: "problem"; readonly text: string }
  | { readonly kind: "other" };

/**
 * Reads one line of the server's standard output: a JSON object whose `event` names what happened. Lines that are no
 * such object, and progress without its facts, are "other": they are the server's affair. Pure.
 */
export function parseServerEvent(line: string): ServerEvent {
  const fields = parseJsonObject(line) ?? {};
  switch (fields["event"]) {
    case "server.ready":
      return { kind: "ready" };
    case "machine.progress": {
      const progress = readProgress(fields);
      return progress === undefined ? { kind: "other" } : { kind: "progress", progress };
    }
    case "store.problem":
      return { kind: "problem", text: String(fields["problem"]) };
    case "inventory.refused":
      return { kind: "problem", text: `the data directory is refused: ${String(fields["problems"])}` };
    default:
      return { kind: "other" };
  }
}

function readProgress(fields: JsonObject): MachineProgress | undefined {
  const { machine, stage } = fields;
  if (typeof machine !== "string") {
    return undefined;
  }
  const facts: ProgressFacts = {
    machine,
    address: text(fields["address"]),
    role: text(fields["role"]),
    revision: text(fields["revision"]),
    unitsOk: count(fields["unitsOk"]),
    unitsTotal: count(fields["unitsTotal"]),
  };
  switch (stage) {
    case "dhcp":
    case "ipxe":
    case "kernel":
    case "ignition":
    case "agent":
    case "running":
      return { ...facts, stage };
    case "unit": {
      const { unit, index, total } = fields;
      const whole = typeof unit === "string" && typeof index === "number" && typeof total === "number";
      return whole ? { ...facts, stage, unit, index, total } : undefined;
    }
    case "failed": {
      const { reason, journal } = fields;
      return {
        ...facts,
        stage,
        reason: typeof reason === "string" ? reason : "no reason given",
        failedUnit: text(fields["failedUnit"]),
        journal: Array.isArray(journal) ? journal.filter((entry) => typeof entry === "string") : [],
      };
    }
    default:
      return undefined;
  }
}

function text(value: unknown): string | undefined {
  return typeof value === "string" ? value : undefined;
}

function count(value: unknown): number | undefined {
  return typeof value === "number" ? value : undefined;
}
