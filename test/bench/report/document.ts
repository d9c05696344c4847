import { readFileSync, writeFileSync } from "node:fs";
import { LOCATIONS } from "../locations.ts";

const END = "<!-- end -->";

function begin(suite: string): string {
  return `<!-- written by \`npm run bench -- ${suite}\` -->`;
}

/** Replaces what stands between a suite's markers; everything else stays as it is. @throws Error without markers */
export function replaceSection(document: string, suite: string, text: string): string {
  const start = document.indexOf(begin(suite));
  const end = document.indexOf(END, start);
  if (start === -1 || end === -1) {
    throw new Error(
      `docs/benchmarks.md has no place for ${suite}: add a section with the lines\n${begin(suite)}\n${END}`,
    );
  }
  return `${document.slice(0, start)}${begin(suite)}\n${text}\n${document.slice(end)}`;
}

/** Checked before anything is measured. @throws Error that says what to add */
export function requireSections(suites: readonly string[]): void {
  const document = readFileSync(LOCATIONS.document, "utf8");
  for (const suite of suites) replaceSection(document, suite, "");
}

/** Reads the document anew: somebody may have edited it during a long run. */
export function writeSection(suite: string, text: string): void {
  writeFileSync(LOCATIONS.document, replaceSection(readFileSync(LOCATIONS.document, "utf8"), suite, text));
}
