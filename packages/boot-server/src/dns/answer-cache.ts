import type { DnsResponse } from "@railhead/wire";

export interface AnswerCacheLimits {
  readonly entries: number;
  readonly bytes: number;
}

/** An answer, and how old it is. */
export interface AgedAnswer {
  readonly response: DnsResponse;
  readonly ageSeconds: number;
}

interface Entry {
  readonly response: DnsResponse;
  readonly storedAt: number;
  readonly expiresAt: number;
  readonly bytes: number;
}

/** What an entry costs beside its bytes: objects, maps and its list of records. */
const BYTES_OF_ENTRY = 400;
const BYTES_OF_RECORD = 80;

/** Answers of other servers, the least used of which go first when there are too many. */
export class AnswerCache {
  readonly #limits: AnswerCacheLimits;
  readonly #now: () => number;
  /** In the order of use, the latest last. */
  readonly #entries = new Map<string, Entry>();
  #bytes = 0;

  /** @param now milliseconds of a clock that is never set */
  constructor(limits: AnswerCacheLimits, now: () => number) {
    this.#limits = limits;
    this.#now = now;
  }

  /** What it holds now, by the measure of its limits. */
  get size(): AnswerCacheLimits {
    return { entries: this.#entries.size, bytes: this.#bytes };
  }

  get(key: string): AgedAnswer | undefined {
    const entry = this.#entries.get(key);
    if (entry === undefined) return undefined;
    const now = this.#now();
    if (entry.expiresAt <= now) {
      this.#delete(key);
      return undefined;
    }
    this.#entries.delete(key);
    this.#entries.set(key, entry);
    return { response: entry.response, ageSeconds: Math.floor((now - entry.storedAt) / 1000) };
  }

  set(key: string, response: DnsResponse, lifetimeSeconds: number): void {
    this.#delete(key);
    const { question, body, records } = response;
    const bytes = BYTES_OF_ENTRY + 2 * key.length + question.length + body.length + records.length * BYTES_OF_RECORD;
    if (bytes > this.#limits.bytes) return;
    const now = this.#now();
    this.#entries.set(key, { response, storedAt: now, expiresAt: now + lifetimeSeconds * 1000, bytes });
    this.#bytes += bytes;
    for (const oldest of this.#entries.keys()) {
      if (this.#entries.size <= this.#limits.entries && this.#bytes <= this.#limits.bytes) break;
      this.#delete(oldest);
    }
  }

  #delete(key: string): void {
    const entry = this.#entries.get(key);
    if (entry === undefined) return;
    this.#entries.delete(key);
    this.#bytes -= entry.bytes;
  }
}
