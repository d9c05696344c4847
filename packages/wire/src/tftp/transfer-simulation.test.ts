import * as fc from "fast-check";
import { describe, expect, test, vi } from "vitest";
import { negotiate, type TftpTerms } from "./negotiate.ts";
import { decodeTftp, encodeTftp, type TftpOption, type TftpPacket } from "./packet.ts";
import { newTransfer, stepTransfer, type TransferInput, type TransferOutcome } from "./transfer.ts";

// Seconds of computing on a busy machine are not a failure.
vi.setConfig({ testTimeout: 60_000 });

/** How a client answers a block it did not expect. */
type Temper =
  /** Acknowledges its last good block, once for each gap (RFC 7440 section 4). */
  | "rfc7440"
  /** Acknowledges its last good block for every unexpected one, as EDK2 does. */
  | "eager"
  /** Says nothing and waits for its own timer, as old boot ROMs do. */
  | "silent";

/** A reference client: reads one file, written from the RFCs and not from our server. */
class Client {
  readonly #blockSize: number;
  readonly #windowSize: number;
  readonly #temper: Temper;
  readonly #rolloverTo: 0 | 1;
  readonly #blocks: Uint8Array[] = [];
  #sinceAck = 0;
  #reportedGapAt = -1;
  done = false;

  constructor(terms: TftpTerms, temper: Temper) {
    this.#blockSize = terms.blockSize;
    this.#windowSize = terms.windowSize;
    this.#rolloverTo = terms.rolloverTo;
    this.#temper = temper;
  }

  get received(): Uint8Array {
    return Buffer.concat(this.#blocks);
  }

  #number(block: number): number {
    return block > 0xffff && this.#rolloverTo === 1 ? ((block - 1) % 0xffff) + 1 : block % 0x10000;
  }

  /** The ACK of the last block received in order. */
  ack(): TftpPacket {
    this.#sinceAck = 0;
    return { kind: "ack", block: this.#number(this.#blocks.length) };
  }

  onPacket(packet: TftpPacket): readonly TftpPacket[] {
    if (packet.kind === "oack") return this.#blocks.length === 0 ? [this.ack()] : [];
    if (packet.kind !== "data") throw new Error(`the server sent ${packet.kind}`);
    if (!this.done && packet.block === this.#number(this.#blocks.length + 1)) return this.#onExpected(packet.data);
    return this.#onUnexpected();
  }

  #onExpected(data: Uint8Array): readonly TftpPacket[] {
    this.#blocks.push(data);
    this.#sinceAck += 1;
    this.done = data.length < this.#blockSize;
    return this.done || this.#sinceAck === this.#windowSize ? [this.ack()] : [];
  }

  #onUnexpected(): readonly TftpPacket[] {
    if (this.done || this.#temper === "eager") return [this.ack()];
    if (this.#temper === "silent" || this.#reportedGapAt === this.#blocks.length) return [];
    this.#reportedGapAt = this.#blocks.length;
    return [this.ack()];
  }
}

interface Link {
  /** 0..1 each. */
  readonly loss: number;
  readonly duplication: number;
  /** A packet takes 1 to this many milliseconds, so later ones may overtake it. */
  readonly maxDelayMs: number;
  readonly seed: number;
}

interface Run {
  readonly outcome: TransferOutcome | undefined;
  readonly received: Uint8Array;
  /** DATA packets that the server sent. */
  readonly dataSent: number;
}

/** mulberry32: small, and the same numbers for the same seed. */
function randomFrom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 0x100000000;
  };
}

/** Plays one transfer over the link in simulated time. */
function simulate(terms: TftpTerms, content: Uint8Array, temper: Temper, link: Link): Run {
  const random = randomFrom(link.seed);
  const client = new Client(terms, temper);
  const inFlight: { readonly at: number; readonly deliver: () => void }[] = [];
  let state = newTransfer(terms, content);
  let outcome: TransferOutcome | undefined;
  let dataSent = 0;
  let now = 0;
  let serverWakesAt = Number.POSITIVE_INFINITY;
  let clientWakesAt = Number.POSITIVE_INFINITY;

  const transmit = (bytes: Uint8Array, receive: (bytes: Uint8Array) => void): void => {
    const copies = random() < link.duplication ? 2 : 1;
    for (let copy = 0; copy < copies; copy += 1) {
      const at = now + 1 + Math.floor(random() * link.maxDelayMs);
      const index = inFlight.findLastIndex((other) => other.at <= at);
      if (random() >= link.loss) inFlight.splice(index + 1, 0, { at, deliver: () => receive(bytes) });
    }
  };
  const server = (input: TransferInput): void => {
    if (outcome !== undefined) return;
    const step = stepTransfer(state, input);
    state = step.state;
    outcome = step.outcome;
    dataSent += step.send.filter((bytes) => bytes[1] === 3).length;
    for (const bytes of step.send) transmit(bytes, toClient);
    if (step.timerMs !== undefined) serverWakesAt = now + step.timerMs;
    if (outcome !== undefined) serverWakesAt = Number.POSITIVE_INFINITY;
  };
  const toServer = (bytes: Uint8Array): void => server({ kind: "packet", packet: decodeTftp(bytes) });
  const toClient = (bytes: Uint8Array): void => {
    for (const packet of client.onPacket(decodeTftp(bytes))) transmit(encodeTftp(packet), toServer);
    clientWakesAt = client.done ? Number.POSITIVE_INFINITY : now + 1700;
  };
  const wakeClient = (): void => {
    transmit(encodeTftp(client.ack()), toServer);
    clientWakesAt = outcome === undefined ? now + 1700 : Number.POSITIVE_INFINITY;
  };

  const packetBudget = 10_000 + 50 * (content.length / terms.blockSize);
  server({ kind: "start" });
  for (;;) {
    if (dataSent > packetBudget) throw new Error(`the server sends without end: ${dataSent} packets`);
    const arrival = inFlight[0]?.at ?? Number.POSITIVE_INFINITY;
    now = Math.min(arrival, serverWakesAt, clientWakesAt);
    if (now === Number.POSITIVE_INFINITY) return { outcome, received: client.received, dataSent };
    if (now === arrival) inFlight.shift()?.deliver();
    else if (now === serverWakesAt) server({ kind: "timeout" });
    else wakeClient();
  }
}

const PERFECT: Link = { loss: 0, duplication: 0, maxDelayMs: 1, seed: 1 };

function termsOf(blockSize: number, windowSize: number, more: Partial<TftpTerms> = {}): TftpTerms {
  return {
    blockSize,
    windowSize,
    retransmitMs: 1000,
    maxRetransmitMs: 8000,
    maxTries: 1000,
    rolloverTo: 0,
    oack: [],
    ...more,
  };
}

function contentOf(size: number): Uint8Array {
  return Uint8Array.from({ length: size }, (_, index) => (index * 31 + (index >> 8) * 7) & 0xff);
}

/** Ends the shrinking of a counterexample. */
const LIMITED = { interruptAfterTimeLimit: 10_000 };
const OACK: readonly TftpOption[] = [{ name: "blksize", value: "8" }];
const temper = fc.constantFrom<Temper>("rfc7440", "eager", "silent");
const transfer = fc
  .record({
    blockSize: fc.integer({ min: 8, max: 64 }),
    windowSize: fc.oneof(fc.constant(1), fc.integer({ min: 2, max: 64 })),
    blocks: fc.nat(150),
    tail: fc.nat(63),
    oack: fc.constantFrom(OACK, []),
    temper,
  })
  .map(({ blocks, tail, ...rest }) => ({ ...rest, size: blocks * rest.blockSize + (tail % rest.blockSize) }));
const link = fc.record({
  loss: fc.constantFrom(0, 0.02, 0.05, 0.3),
  duplication: fc.constantFrom(0, 0.05, 0.5),
  maxDelayMs: fc.constantFrom(1, 20, 900),
  seed: fc.integer(),
});

describe("over any link", () => {
  test("that loses, doubles and reorders packets, the client receives the file and the server knows", () => {
    fc.assert(
      fc.property(transfer, link, ({ blockSize, windowSize, size, oack, temper }, link) => {
        const content = contentOf(size);
        const run = simulate(termsOf(blockSize, windowSize, { oack }), content, temper, link);
        expect(Buffer.compare(run.received, content)).toBe(0);
        expect(run.outcome).toEqual({ kind: "complete" });
      }),
      { ...LIMITED, numRuns: 400 },
    );
  });

  test("that loses nothing, each block is sent once", () => {
    fc.assert(
      fc.property(transfer, ({ blockSize, windowSize, size, oack, temper }) => {
        const run = simulate(termsOf(blockSize, windowSize, { oack }), contentOf(size), temper, PERFECT);
        expect(run.dataSent).toBe(Math.floor(size / blockSize) + 1);
      }),
    );
  });
});

describe("the sorcerer's apprentice (R15, RFC 1123 section 4.2.3.1)", () => {
  test("is not at work when every packet arrives twice: with a window of one each block is still sent once", () => {
    fc.assert(
      fc.property(fc.nat(100), temper, fc.integer(), (blocks, temper, seed) => {
        const run = simulate(termsOf(8, 1), contentOf(blocks * 8), temper, { ...PERFECT, duplication: 1, seed });
        expect(run.dataSent).toBe(blocks + 1);
      }),
    );
  });

  test("is not at work in larger windows: a packet that arrives twice costs two windows at most", () => {
    fc.assert(
      fc.property(fc.integer({ min: 2, max: 16 }), temper, fc.integer(), (windowSize, temper, seed) => {
        const rare = { ...PERFECT, duplication: 1 / 300, seed };
        const run = simulate(termsOf(8, windowSize), contentOf(1600 * 8), temper, rare);
        expect(run.dataSent).toBeLessThan(1601 * 1.25);
      }),
      { ...LIMITED, numRuns: 30 },
    );
  });

  test("is not woken by loss, with EDK2's window of four and its eager ACKs (lab run t13)", () => {
    fc.assert(
      fc.property(fc.integer(), (seed) => {
        const lossy = { ...PERFECT, loss: 0.01, seed };
        const run = simulate(termsOf(8, 4), contentOf(2000 * 8), "eager", lossy);
        expect(run.dataSent).toBeLessThan(2001 * 1.25);
      }),
      { ...LIMITED, numRuns: 30 },
    );
  });
});

describe("past block 65535", () => {
  test.each([
    [0 as const, 1],
    [0 as const, 64],
    [1 as const, 1],
    [1 as const, 64],
  ])("numbers go on at %i, window %i", (rolloverTo, windowSize) => {
    const content = contentOf(8 * 66_000 + 3);
    const terms = termsOf(8, windowSize, { rolloverTo });
    const run = simulate(terms, content, "rfc7440", { ...PERFECT, loss: 0.002 });
    expect(Buffer.compare(run.received, content)).toBe(0);
    expect(run.outcome).toEqual({ kind: "complete" });
  });
});

test("the tries run out when nothing arrives", () => {
  const rrq = { kind: "rrq", fileName: "f", mode: "octet", options: [] } as const;
  const negotiation = negotiate(rrq, { size: 3 });
  const terms = negotiation.kind === "accepted" ? negotiation.terms : termsOf(8, 1);
  const run = simulate(terms, contentOf(3), "silent", { ...PERFECT, loss: 1 });
  expect(run).toMatchObject({ outcome: { kind: "timed-out" }, dataSent: 6 });
});
