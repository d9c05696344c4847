import { parseMac } from "@railhead/wire";
import { expect, test } from "vitest";
import { LoopGuard } from "./loop-guard.ts";

const MAC = parseMac("52:54:00:00:00:01");
const OTHER = parseMac("52:54:00:00:00:02");

test("a client that loads its loader five times in a minute is let go, for as long as that is a minute ago", () => {
  const guard = new LoopGuard();
  for (let second = 0; second < 4; second += 1) guard.chainloaded(MAC, second * 1000);
  expect(guard.isLooping(MAC, 4000)).toBe(false);
  guard.chainloaded(MAC, 4000);
  expect([guard.isLooping(MAC, 5000), guard.isLooping(OTHER, 5000), guard.isLooping(MAC, 60_000)]).toEqual([
    true,
    false,
    false,
  ]);
});

test("a client that asks for its script is in no loop", () => {
  const guard = new LoopGuard();
  for (let second = 0; second < 5; second += 1) guard.chainloaded(MAC, second * 1000);
  guard.escaped(MAC);
  expect(guard.isLooping(MAC, 5000)).toBe(false);
});
