import type { NodeState } from "./node-state.ts";
import { printable } from "./printable.ts";

const HEADER = ["NODE", "MAC", "ADDRESS", "ROLE", "STATE", "UNITS", "REVISION", "BOOT"] as const;

/** The nodes as a table for people, one line each below a heading. Pure. */
export function nodeTable(nodes: readonly NodeState[]): readonly string[] {
  const rows: readonly (readonly string[])[] = [HEADER, ...nodes.map(row)];
  const widths = HEADER.map((_, column) => Math.max(...rows.map((cells) => cells[column]?.length ?? 0)));
  return rows.map((cells) =>
    cells
      .map((cell, column) => cell.padEnd(widths[column] ?? 0))
      .join("  ")
      .trimEnd(),
  );
}

function row(node: NodeState): readonly string[] {
  return [
    node.name,
    node.mac,
    node.address,
    node.role,
    node.stage,
    units(node),
    node.revision?.slice(0, 7) ?? "-",
    bootTime(node),
  ];
}

function units({ unitsOk, unitsTotal, failure }: NodeState): string {
  if (unitsTotal === undefined) {
    return "-";
  }
  const failed = failure?.failedUnit === undefined ? "" : ", 1 failed";
  return `${unitsOk} of ${unitsTotal} ok${failed}`;
}

/** From power-on to running or failed; a node that is still on its way has none. */
function bootTime({ stage, stageAt, poweredOnAt }: NodeState): string {
  const ended = stage === "running" || stage === "failed";
  return ended && poweredOnAt !== undefined ? `${((stageAt - poweredOnAt) / 1000).toFixed(1)} s` : "-";
}

/** What a person needs to know about a node that is not running: state, reason, and the last it said. Pure. */
export function diagnosisLines(node: NodeState, consoleTail: readonly string[]): readonly string[] {
  const { failure } = node;
  const journal = failure?.journal ?? [];
  const [title, evidence] =
    journal.length > 0
      ? [`journal of ${printable(failure?.failedUnit ?? "the failed unit")}:`, journal]
      : ["end of its console:", consoleTail.length > 0 ? consoleTail : ["(nothing was printed)"]];
  return [
    `${node.name} is not running: ${node.stage}`,
    ...(failure?.failedUnit === undefined ? [] : [`  failed unit: ${printable(failure.failedUnit)}`]),
    ...(failure === undefined ? [] : [`  reason: ${printable(failure.reason)}`]),
    `  ${title}`,
    ...evidence.map((line) => `    ${printable(line)}`),
  ];
}
