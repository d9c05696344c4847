import { AgentError } from "../agent-error.ts";
import type { Conditions, UnitState } from "./unit-state.ts";

/** The properties that {@link parseShow} reads. */
export const SHOWN_PROPERTIES = [
  "LoadState",
  "ActiveState",
  "SubState",
  "Result",
  "Type",
  "ExecMainStatus",
  "NRestarts",
  "ConditionResult",
  "ConditionTimestampMonotonic",
  "NeedDaemonReload",
  "After",
  "Requires",
  "Requisite",
  "BindsTo",
  "PartOf",
  "Conflicts",
] as const;

/**
 * Reads the output of `systemctl show --property=... -- UNIT...`: a block of `Key=value` lines for each
 * unit, in the order they were asked for, with a blank line between. A unit's name is taken from the
 * question, because `Id` is another one when the unit has an alias.
 *
 * Throws `AgentError` `systemd-failed` when the blocks are not one for each unit.
 */
export function parseShow(output: string, units: readonly string[]): readonly UnitState[] {
  const blocks = output.split(/\n{2,}/).filter((block) => block.trim() !== "");
  if (blocks.length !== units.length) {
    throw new AgentError("systemd-failed", `systemctl show answered for ${blocks.length} of ${units.length} units`);
  }
  return units.map((unit, index) => parseBlock(unit, blocks[index] ?? ""));
}

function parseBlock(unit: string, block: string): UnitState {
  const properties = new Map<string, string>();
  for (const line of block.split("\n")) {
    const equals = line.indexOf("=");
    if (equals > 0) properties.set(line.slice(0, equals), line.slice(equals + 1));
  }
  const required = (name: string) => {
    const value = properties.get(name);
    if (value === undefined) throw new AgentError("systemd-failed", `systemctl show did not tell ${name} of ${unit}`);
    return value;
  };
  const list = (name: string) => (properties.get(name) ?? "").split(" ").filter((word) => word !== "");
  return {
    unit,
    loadState: required("LoadState"),
    activeState: required("ActiveState"),
    subState: required("SubState"),
    result: properties.get("Result"),
    type: properties.get("Type"),
    mainStatus: count(properties.get("ExecMainStatus")),
    restarts: count(properties.get("NRestarts")),
    conditions: conditions(properties.get("ConditionResult"), properties.get("ConditionTimestampMonotonic")),
    needsReload: properties.get("NeedDaemonReload") === "yes",
    after: list("After"),
    requires: list("Requires"),
    requisite: list("Requisite"),
    bindsTo: list("BindsTo"),
    partOf: list("PartOf"),
    conflicts: list("Conflicts"),
  };
}

function conditions(result: string | undefined, checkedAt: string | undefined): Conditions {
  if (checkedAt === undefined || checkedAt === "0") return "unknown";
  return result === "yes" ? "held" : "unmet";
}

function count(text: string | undefined): number | undefined {
  return text !== undefined && /^\d+$/.test(text) ? Number(text) : undefined;
}
