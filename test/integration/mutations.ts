import { type Random, randomBytes } from "./random.ts";

const LARGEST = 1472;
/** Bytes that mean something somewhere: lengths, option codes, ends. */
const MEANINGFUL = [0, 1, 2, 3, 4, 5, 6, 7, 8, 50, 52, 53, 54, 55, 57, 61, 67, 77, 82, 93, 97, 127, 128, 175, 254, 255];

/** A datagram that no program would send: random bytes, or one of the corpus with a few things wrong with it. */
export function brokenDatagram(random: Random, corpus: readonly Uint8Array[]): Uint8Array {
  if (random(5) === 0) return randomBytes(random, random(LARGEST));
  let datagram: Buffer = Buffer.from(pick(random, corpus));
  for (let count = 1 + random(6); count > 0; count -= 1) datagram = mutate(random, datagram, corpus);
  return datagram.subarray(0, LARGEST);
}

function mutate(random: Random, datagram: Buffer, corpus: readonly Uint8Array[]): Buffer {
  const at = random(datagram.length + 1);
  switch (random(7)) {
    case 0: // one bit
      if (at < datagram.length) datagram[at] = (datagram[at] ?? 0) ^ (1 << random(8));
      return datagram;
    case 1: // one byte
      if (at < datagram.length) datagram[at] = random(2) === 0 ? random(256) : pick(random, MEANINGFUL);
      return datagram;
    case 2: // the end is missing
      return datagram.subarray(0, at);
    case 3: // something follows
      return Buffer.concat([datagram, randomBytes(random, random(300))]);
    case 4: // something is missing
      return Buffer.concat([datagram.subarray(0, at), datagram.subarray(at + 1 + random(20))]);
    case 5: // something is there twice
      return Buffer.concat([datagram.subarray(0, at), datagram.subarray(Math.max(0, at - random(40)))]);
    default: // the head of one and the tail of another
      return Buffer.concat([datagram.subarray(0, at), Buffer.from(pick(random, corpus)).subarray(at)]);
  }
}

function pick<T>(random: Random, items: readonly T[]): T {
  const item = items[random(items.length)];
  if (item === undefined) throw new Error("nothing to pick from");
  return item;
}
