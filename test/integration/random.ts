/** A number from 0 up to but not including `limit`, whole. */
export type Random = (limit: number) => number;

/** The same numbers for the same seed, on every machine (mulberry32). */
export function seededRandom(seed: number): Random {
  let state = seed >>> 0;
  return (limit) => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return Math.floor((((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32) * limit);
  };
}

/** Bytes without a pattern that a copy could repeat by chance. */
export function randomBytes(random: Random, length: number): Buffer {
  const words = new Uint32Array(Math.ceil(length / 4));
  for (let index = 0; index < words.length; index += 1) words[index] = random(2 ** 32);
  return Buffer.from(words.buffer, 0, length);
}

/** The seed of this run: `RAILHEAD_SEED`, or a fresh one. It is printed, so that a failure can be repeated. */
export function runSeed(what: string): number {
  const given = process.env["RAILHEAD_SEED"];
  const seed = given === undefined ? Math.floor(Math.random() * 2 ** 32) : Number(given);
  process.stdout.write(`${what}: RAILHEAD_SEED=${seed}\n`);
  return seed;
}
