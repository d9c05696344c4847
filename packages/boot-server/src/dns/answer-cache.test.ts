import type { DnsResponse } from "@railhead/wire";
import { expect, test } from "vitest";
import { AnswerCache } from "./answer-cache.ts";

const LIMITS = { entries: 3, bytes: 10_000 };

function response(id: number, bodyBytes = 100): DnsResponse {
  return {
    id,
    flags: 0x8000,
    question: new Uint8Array(20),
    body: new Uint8Array(bodyBytes),
    counts: { answer: 1, authority: 0 },
    records: [],
  };
}

function createCache() {
  let now = 0;
  const cache = new AnswerCache(LIMITS, () => now);
  return { cache, wait: (seconds: number) => void (now += seconds * 1000) };
}

test("an answer is remembered for its lifetime, and tells its age", () => {
  const { cache, wait } = createCache();
  cache.set("a", response(1), 60);
  wait(59.9);
  expect(cache.get("a")).toMatchObject({ response: { id: 1 }, ageSeconds: 59 });
  wait(0.1);
  expect(cache.get("a")).toBeUndefined();
  expect(cache.size).toEqual({ entries: 0, bytes: 0 });
});

test("of too many entries the one unused for longest goes", () => {
  const { cache } = createCache();
  for (const [index, key] of ["a", "b", "c"].entries()) cache.set(key, response(index), 60);
  cache.get("a");
  cache.set("d", response(3), 60);
  expect(["a", "b", "c", "d"].filter((key) => cache.get(key) !== undefined)).toEqual(["a", "c", "d"]);
});

test("of too many bytes as many go as must, and what is too large by itself is not taken", () => {
  const { cache } = createCache();
  for (const key of ["a", "b", "c"]) cache.set(key, response(1, 2500), 60);
  cache.set("d", response(1, 6000), 60);
  expect(["a", "b", "c", "d"].filter((key) => cache.get(key) !== undefined)).toEqual(["c", "d"]);
  expect(cache.size.bytes).toBeLessThanOrEqual(LIMITS.bytes);
  cache.set("e", response(1, 20_000), 60);
  expect([cache.get("e"), cache.size.entries]).toEqual([undefined, 2]);
});

test("a newer answer takes the place of the older", () => {
  const { cache } = createCache();
  cache.set("a", response(1), 60);
  const { bytes } = cache.size;
  cache.set("a", response(2), 60);
  expect(cache.get("a")?.response.id).toBe(2);
  expect(cache.size).toEqual({ entries: 1, bytes });
});
