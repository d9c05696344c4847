import { expect, test } from "vitest";
import { answerLifetime } from "./answer-lifetime.ts";

const LIMITS = { shortestSeconds: 2, longestSeconds: 1000, longestNegativeSeconds: 100 };
const answer = (ttlSeconds: number) => ({ section: "answer", type: 1, ttlSeconds, ttlOffset: 0 }) as const;
const soa = (ttlSeconds: number, soaMinimumSeconds: number) =>
  ({ section: "authority", type: 6, ttlSeconds, ttlOffset: 0, soaMinimumSeconds }) as const;

test.each([
  ["as long as its shortest record", 0, [answer(300), answer(60)], 60],
  ["no shorter than the shortest time", 0, [answer(0)], 2],
  ["no longer than the longest", 0, [answer(5000)], 1000],
  ["a no: as its zone says, by TTL", 3, [soa(30, 60)], 30],
  ["a no: as its zone says, by minimum (RFC 2308 section 5)", 3, [soa(60, 30)], 30],
  ["a no: no longer than its own longest", 3, [soa(900, 900)], 100],
  ["a no without a zone: not at all", 3, [], undefined],
  ["no record of the type: as its zone says", 0, [soa(50, 60)], 50],
  ["an alias that leads to nothing: the shortest of both", 0, [answer(20), soa(50, 60)], 20],
  ["a failure: not at all", 2, [answer(300)], undefined],
])("%s", (_what, flags, records, expected) => {
  expect(answerLifetime({ flags, records }, LIMITS)).toBe(expected);
});
