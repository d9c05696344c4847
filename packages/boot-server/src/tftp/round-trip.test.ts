import { expect, test } from "vitest";
import { RoundTrip } from "./round-trip.ts";

function after(...answers: readonly number[]): RoundTrip {
  const roundTrip = new RoundTrip();
  for (const ms of answers) roundTrip.observe(ms);
  return roundTrip;
}

test("a client that has not answered yet is given the whole limit", () => {
  expect([1, 2].map((tries) => after().waitMs(1000 * tries, tries))).toEqual([1000, 2000]);
});

test("the first answer makes the wait three times as long as it took (RFC 6298 section 2.2)", () => {
  expect(after(100).waitMs(1000, 1)).toBe(300);
});

test("a client that always takes as long is waited for hardly longer than that", () => {
  expect(after(...Array.from({ length: 50 }, () => 100)).waitMs(1000, 1)).toBeCloseTo(100, 0);
});

test("a client on the same cable is not hurried: the wait has a least value", () => {
  expect(after(0.2, 0.3, 0.2).waitMs(1000, 1)).toBe(50);
});

test("the wait doubles with each try and ends at the limit", () => {
  const roundTrip = after(0.2);
  expect([1, 2, 3, 4, 5].map((tries) => roundTrip.waitMs(400, tries))).toEqual([50, 100, 200, 400, 400]);
});

test("an answer that takes long makes the wait longer, and answers that do not make it shorter again", () => {
  const quick = Array.from({ length: 30 }, () => 20);
  const waits = [quick, [...quick, 300], [...quick, 300, ...quick]].map((answers) => after(...answers).waitMs(1000, 1));
  expect(waits[1]).toBeGreaterThan(300);
  expect(waits[2]).toBeLessThan(60);
});
