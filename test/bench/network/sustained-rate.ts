import type { LoadResult } from "./perfdhcp.ts";

/** One probe: what came back of a load at a rate. */
export type Probe = (rate: number, seconds: number) => Promise<LoadResult>;

const MOST_DROPPED = 0.01;
const LEAST_SENT = 0.97;
const PROBE_SECONDS = 2;
const CONFIRM_SECONDS = 4;
const STEP = 1.4;
const BISECTIONS = 2;
const CONFIRMATIONS = 8;
const STEP_BACK = 0.93;

/**
 * The highest rate at which less than 1 % of the exchanges fail, found from a first guess in steps and then by halving
 * the last step, and confirmed by a longer run; a rate that is not confirmed is lowered by 7 %. Every rate is tried twice
 * before it counts as too high: packets are lost whenever another program has the processor.
 *
 * @throws Error when no rate is confirmed
 */
export async function sustainedRate(probe: Probe, guess: number): Promise<LoadResult> {
  const passesOnce = async (rate: number, seconds: number): Promise<LoadResult | undefined> => {
    const result = await probe(Math.round(rate), seconds);
    return isSustained(rate, result) ? result : undefined;
  };
  const tried = async (rate: number, seconds: number) =>
    (await passesOnce(rate, seconds)) ?? (await passesOnce(rate, seconds));
  const passes = async (rate: number) => (await tried(rate, PROBE_SECONDS)) !== undefined;
  let good = guess;
  let bad: number | undefined;
  while (!(await passes(good))) {
    bad = good;
    good /= STEP;
    if (good < 1) throw new Error("not even one exchange each second");
  }
  while (bad === undefined) {
    const next = good * STEP;
    if (await passes(next)) good = next;
    else bad = next;
  }
  for (let round = 0; round < BISECTIONS; round += 1) {
    const middle = Math.sqrt(good * bad);
    if (await passes(middle)) good = middle;
    else bad = middle;
  }
  for (let attempt = 0; attempt < CONFIRMATIONS; attempt += 1, good *= STEP_BACK) {
    const result = await tried(good, CONFIRM_SECONDS);
    if (result !== undefined) return result;
  }
  throw new Error(`no rate was confirmed; the last was ${Math.round(good)}/s`);
}

export function isSustained(rate: number, { discovers, acks, seconds }: LoadResult): boolean {
  return acks > (1 - MOST_DROPPED) * discovers && discovers >= LEAST_SENT * rate * seconds;
}
