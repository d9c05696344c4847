import { setTimeout as delay } from "node:timers/promises";

/** Time, as the run needs it; tests have one that does not wait. */
export interface Clock {
  /** The wall clock, for people. It may jump. */
  now(): Date;
  /** Milliseconds since some moment; never goes back, so durations and deadlines are made of it. */
  elapsedMs(): number;
  /** Resolves after `ms`, or at once when `signal` is aborted. Never rejects. */
  sleep(ms: number, signal?: AbortSignal): Promise<void>;
}

export const systemClock: Clock = {
  now: () => new Date(),
  elapsedMs: () => performance.now(),
  async sleep(ms, signal) {
    await delay(ms, undefined, signal === undefined ? {} : { signal }).catch(() => undefined);
  },
};

/** Seconds from `startMs` until now, to the millisecond. */
export function secondsSince(clock: Clock, startMs: number): number {
  return Math.round(clock.elapsedMs() - startMs) / 1000;
}
