import { deepEqual } from "node:assert/strict";
import { mkdtempSync, readdirSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import * as fc from "fast-check";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import type { CompactionLimits } from "./journal.ts";
import { openFileStore } from "./open-file-store.ts";

let directory: string;

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), "railhead-store-"));
});

afterEach(() => {
  rmSync(directory, { recursive: true });
});

describe("a compaction", { timeout: 60_000 }, () => {
  test("keeps the journal within a multiple of what is live", async () => {
    const store = await openFileStore(directory, { compaction: { factor: 2, minimumBytes: 4096 } });
    const records = store.collection("bindings", Number);
    for (let n = 0; n < 3000; n += 10) {
      await Promise.all(Array.from({ length: 10 }, (_, key) => records.put(`key-${key}`, n)));
    }
    await store.close();
    expect(statSync(join(directory, "journal")).size).toBeLessThan(2 * 4096);
    expect(readdirSync(directory)).toEqual(["journal"]);
  });

  test("neither loses nor reorders what is put and deleted while it runs", async () => {
    const filler = "x".repeat(2000);
    const compaction = { factor: 1, minimumBytes: 0 };
    const store = await openFileStore(directory, { compaction });
    const records = store.collection("bindings", String);
    const expected = new Map<string, string>();
    const underWay: Promise<void>[] = [];
    // About 2 MB live, so that each compaction writes several pieces and has puts in between.
    for (let n = 0; n < 12_000; n += 1) {
      const key = `key-${(n * 7919) % 1009}`;
      const value = `${n} ${filler}`;
      if (n % 5 === 4) {
        underWay.push(records.delete(key));
        expected.delete(key);
      } else {
        underWay.push(records.put(key, value));
        expected.set(key, value);
      }
      if (n % 25 === 0) {
        await new Promise(setImmediate);
      }
    }
    await Promise.all(underWay);
    expect(new Map(records.all())).toEqual(expected);
    await store.close();

    const after = await openFileStore(directory);
    expect(after.problems).toEqual([]);
    expect(new Map(after.collection("bindings", String).all())).toEqual(expected);
    await after.close();
  });
});

describe("a file store against a map", () => {
  type Step =
    | { readonly kind: "put"; readonly key: string; readonly value: unknown }
    | { readonly kind: "delete"; readonly key: string }
    | { readonly kind: "settle" | "reopen" };

  const key = fc.oneof(
    fc.constantFrom("a", "b", "c"),
    fc.string({ unit: "grapheme", minLength: 1, maxLength: 20 }).filter(isKey),
  );
  const step: fc.Arbitrary<Step> = fc.oneof(
    { weight: 12, arbitrary: fc.record({ kind: fc.constant("put" as const), key, value: fc.jsonValue() }) },
    { weight: 4, arbitrary: fc.record({ kind: fc.constant("delete" as const), key }) },
    { weight: 3, arbitrary: fc.record({ kind: fc.constantFrom("settle" as const, "reopen" as const) }) },
  );
  const limits = fc.record({ factor: fc.constantFrom(1, 2, 4), minimumBytes: fc.constantFrom(0, 200, 100_000) });

  async function run(steps: readonly Step[], compaction: CompactionLimits): Promise<void> {
    rmSync(directory, { recursive: true });
    const model = new Map<string, unknown>();
    let store = await openFileStore(directory, { compaction });
    let records = store.collection<unknown>("bindings", (value) => value);
    let underWay: Promise<void>[] = [];
    for (const step of [...steps, { kind: "reopen" as const }]) {
      switch (step.kind) {
        case "put":
          underWay.push(records.put(step.key, step.value));
          model.set(step.key, JSON.parse(JSON.stringify(step.value)));
          break;
        case "delete":
          underWay.push(records.delete(step.key));
          model.delete(step.key);
          break;
        case "settle":
          await Promise.all(underWay);
          underWay = [];
          deepEqual(new Map(records.all()), model);
          break;
        case "reopen":
          await store.close();
          await Promise.all(underWay);
          underWay = [];
          store = await openFileStore(directory, { compaction });
          records = store.collection<unknown>("bindings", (value) => value);
          deepEqual(store.problems, []);
          deepEqual(new Map(records.all()), model);
          break;
      }
    }
    await store.close();
  }

  test("holds the same after any puts, deletions, restarts and compactions", async () => {
    const property = fc.asyncProperty(fc.array(step, { maxLength: 80, size: "max" }), limits, run);
    await expect(fc.assert(property, { numRuns: 25 })).resolves.toBeUndefined();
  }, 60_000);
});

function isKey(text: string): boolean {
  return text.length <= 200 && !/\p{Cc}/u.test(text);
}
