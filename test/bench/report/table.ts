import type { Row, Unit } from "../suite.ts";
import { summarize } from "./summary.ts";

const TITLES = ["", "Runs", "Min", "Median", "Max", "Target"] as const;

/** The table as Markdown. */
export function markdownTable(rows: readonly Row[]): string {
  const lines = rows.map((row) => `| ${cells(row).join(" | ")} |`);
  return [`| ${TITLES.join(" | ")} |`, "|---|--:|--:|--:|--:|---|", ...lines].join("\n");
}

/** The table for a terminal. */
export function plainTable(rows: readonly Row[]): string {
  const lines = [[...TITLES], ...rows.map((row) => cells(row).map((cell) => cell.replaceAll("`", "")))];
  const widths = TITLES.map((_, column) => Math.max(...lines.map((line) => line[column]?.length ?? 0)));
  const isLeft = (column: number) => column === 0 || column === TITLES.length - 1;
  return lines
    .map((line) =>
      line
        .map((cell, column) => (isLeft(column) ? cell.padEnd(widths[column] ?? 0) : cell.padStart(widths[column] ?? 0)))
        .join("  ")
        .trimEnd(),
    )
    .join("\n");
}

function cells(row: Row): readonly string[] {
  const { what, unit, samples } = row;
  const { runs, min, median, max } = summarize(samples);
  const figures = runs === 1 ? ["", format(median, unit), ""] : [min, median, max].map((value) => format(value, unit));
  return [what, String(runs), ...figures, verdict(median, row)];
}

function verdict(median: number, { atLeast, target, unit }: Row): string {
  if (atLeast !== undefined) {
    return `at least ${format(atLeast, unit)}: ${median >= atLeast ? "reached" : "missed"}`;
  }
  if (target === undefined) return "";
  const [sign, reached] = unit === "ratio" ? ["at most", median <= target] : ["below", median < target];
  const goal = unit === "ratio" ? target.toFixed(1) : `${target} ${unit}`;
  return `${sign} ${goal}: ${reached ? "reached" : "missed"}`;
}

function format(value: number, unit: Unit): string {
  switch (unit) {
    case "ratio":
      return value.toFixed(2);
    case "ms":
      return `${value.toFixed(value < 10 ? 1 : 0)} ms`;
    case "s":
      return `${value.toFixed(value < 10 ? 2 : 1)} s`;
    case "us":
      return `${value.toFixed(0)} us`;
    case "MB":
      return `${value.toFixed(1)} MB`;
    case "MB/s":
      return `${value.toFixed(value < 100 ? 1 : 0)} MB/s`;
    case "/s":
      return `${value.toFixed(0)}/s`;
    case "%":
      return `${value.toFixed(2)} %`;
    case "count":
      return value.toFixed(0);
  }
}
