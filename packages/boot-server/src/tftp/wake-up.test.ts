import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { type Sleeper, WakeUp } from "./wake-up.ts";

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

interface Woken extends Sleeper {
  wakeAt: number;
  readonly at: number[];
}

/** Sleeps again for `everyMs` each time. */
function sleeper(everyMs: number): Woken {
  const woken: Woken = {
    wakeAt: performance.now() + everyMs,
    at: [],
    wake(now) {
      woken.at.push(now);
      woken.wakeAt = now + everyMs;
    },
  };
  return woken;
}

test("each is woken at its time, a few milliseconds late at most", () => {
  const wakeUp = new WakeUp();
  const sleepers = [sleeper(50), sleeper(75)] as const;
  for (const each of sleepers) wakeUp.add(each);
  vi.advanceTimersByTime(100);
  expect(sleepers.map(({ at }) => at.length)).toEqual([2, 1]);
});

test("one that moves its time is not woken before", () => {
  const wakeUp = new WakeUp();
  const moving = sleeper(50);
  wakeUp.add(moving);
  for (let step = 0; step < 10; step += 1) {
    vi.advanceTimersByTime(40);
    moving.wakeAt += 40;
  }
  expect(moving.at).toEqual([]);
});

test("one that is gone is not woken, and no timer runs for nobody", () => {
  const wakeUp = new WakeUp();
  const gone = sleeper(50);
  wakeUp.add(gone);
  wakeUp.remove(gone);
  expect(vi.getTimerCount()).toBe(0);
  vi.advanceTimersByTime(100);
  expect(gone.at).toEqual([]);
});
