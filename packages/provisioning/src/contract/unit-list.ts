import { roleSchema } from "./identifiers.ts";
import { unitNameProblem } from "./unit-name.ts";

/** One unit to start, and the line (1-based) of the list that asked for it. */
export interface UnitListEntry {
  readonly unit: string;
  readonly line: number;
}

/** One thing that is wrong with a list, at a line (1-based), said for its author. */
export interface UnitListProblem {
  readonly line: number;
  readonly message: string;
}

/** What a list says. It may be used only when `problems` is empty. */
export interface UnitList {
  readonly entries: readonly UnitListEntry[];
  readonly problems: readonly UnitListProblem[];
}

const QUOTED_LENGTH = 80;

function quote(text: string): string {
  return JSON.stringify(text.length > QUOTED_LENGTH ? `${text.slice(0, QUOTED_LENGTH)}...` : text);
}

/**
 * Reads a `<role>-systemd-units.txt`: one unit on a line, in the order they are to be started.
 *
 * `#` begins a comment, anywhere on a line (no unit name has one). Blank lines, CRLF line ends, a
 * byte-order mark and a last line without newline are all fine. Never throws: every problem of the
 * text is listed, in line order, and `entries` holds the lines that are right.
 */
export function parseUnitList(text: string): UnitList {
  const entries: UnitListEntry[] = [];
  const problems: UnitListProblem[] = [];
  const lineOfUnit = new Map<string, number>();
  for (const [index, rawLine] of text
    .replace(/^\uFEFF/, "")
    .split(/\r\n|\n|\r/)
    .entries()) {
    const line = index + 1;
    const unit = rawLine.replace(/#.*$/s, "").trim();
    if (unit === "") continue;
    const problem = lineProblem(unit, lineOfUnit.get(unit));
    if (problem === undefined) {
      entries.push({ unit, line });
      lineOfUnit.set(unit, line);
    } else {
      problems.push({ line, message: problem });
    }
  }
  return { entries, problems };
}

function lineProblem(unit: string, firstLine: number | undefined): string | undefined {
  if (/\s/.test(unit)) return `${quote(unit)}: one unit on a line, without spaces`;
  const problem = unitNameProblem(unit);
  if (problem !== undefined) return `${quote(unit)}: ${problem}`;
  if (firstLine !== undefined) return `${quote(unit)} is already on line ${firstLine}`;
  return undefined;
}

/**
 * The name of a role's list at the top of the config repo.
 *
 * Throws zod's error for text that is not a role: the name becomes a path.
 */
export function unitListFileName(role: string): string {
  return `${roleSchema.parse(role)}-systemd-units.txt`;
}
