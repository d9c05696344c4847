import { globSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));
const RULES = Array.from({ length: 18 }, (_, index) => `R${index + 1}`);
/** A title: the first string of `test(...)`, `describe(...)` or of what `test.each` returned, or of a row of its table. */
const TITLE = /(?:\b(?:test|describe)(?:\.\w+)*\(|\]\)\(|^\s*\[)\s*["'`]([^"'`\n]*)/gm;

/** The titles of all tests but this one. */
function titles(): readonly string[] {
  return globSync(["packages/*/src/**/*.test.ts", "test/{integration,e2e}/**/*.test.ts"], { cwd: ROOT }).flatMap(
    (file) => [...readFileSync(join(ROOT, file), "utf8").matchAll(TITLE)].map(([, title]) => title ?? ""),
  );
}

test("every rule of PXE that firmware taught, R1 to R18, is the title of a test", () => {
  const named = new Set(titles().flatMap((title) => title.match(/\bR\d{1,2}\b/g) ?? []));
  expect(RULES.filter((rule) => !named.has(rule))).toEqual([]);
});
