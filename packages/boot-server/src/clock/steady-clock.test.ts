import { expect, test } from "vitest";
import { SteadyClock } from "./steady-clock.ts";

test("the clock goes on steadily when the wall clock is set, says by how much, and follows when told to", () => {
  let wall = 1_800_000_000_000;
  let monotonic = 5000;
  const clock = new SteadyClock(
    () => wall,
    () => monotonic,
  );
  expect([clock.now(), clock.drift()]).toEqual([1_800_000_000_000, 0]);
  wall += 3_600_000 + 1000; // somebody sets it an hour ahead, and a second passes
  monotonic += 1000;
  expect([clock.now(), clock.drift()]).toEqual([1_800_000_001_000, 3_600_000]);
  clock.step(clock.drift());
  expect([clock.now(), clock.drift()]).toEqual([1_800_003_601_000, 0]);
});
