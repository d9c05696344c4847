import { existsSync, readdirSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";
import { parseIgnition } from "./parse.ts";
import { SPEC_VERSIONS } from "./spec-version.ts";
import { validateIgnition } from "./validate.ts";
import { isRecord } from "./view.ts";

/** Configs that the real Butane wrote; they lie beside the repository and are skipped where they do not. */
const FIXTURES = fileURLToPath(new URL("../../../../../shared/fixtures/butane/", import.meta.url));

function readConfigs(): readonly (readonly [name: string, document: unknown])[] {
  if (!existsSync(FIXTURES)) return [];
  const names = readdirSync(FIXTURES).filter((name) => name.endsWith(".ign"));
  return names.map((name) => [name, parseIgnition(readFileSync(FIXTURES + name, "utf8"), name)]);
}

function versionOf(document: unknown): unknown {
  return isRecord(document) && isRecord(document["ignition"]) ? document["ignition"]["version"] : undefined;
}

describe.skipIf(!existsSync(FIXTURES))("what Butane writes for a spec we know has no errors", () => {
  const known = readConfigs().filter(([, document]) =>
    SPEC_VERSIONS.some((version) => version === versionOf(document)),
  );

  test("there are such configs of every spec but one", () => {
    expect(new Set(known.map(([, document]) => versionOf(document)))).toEqual(
      new Set(["3.0.0", "3.2.0", "3.3.0", "3.4.0", "3.5.0"]),
    );
  });

  test.each(known)("%s", (_, document) => {
    const errors = validateIgnition(document).problems.filter(({ kind }) => kind === "error");
    expect(errors).toEqual([]);
  });
});
