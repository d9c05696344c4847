/** Firmware may be busy for that long, with writing what it got, without anything being lost. */
const LEAST_WAIT_MS = 50;

/**
 * How long a client takes to answer, and so how long to wait before what was sent counts as lost: the estimator of
 * RFC 6298 section 2. RFC 1123 section 4.2.3.2 demands that the wait of TFTP adapts. With a fixed second, a cable that
 * loses one packet in twenty makes four minutes of what is five seconds' work.
 */
export class RoundTrip {
  #smoothedMs: number | undefined;
  #variationMs = 0;

  /** @param ms from sending to the answer, of something that was sent once: else nobody knows which it answers (Karn) */
  observe(ms: number): void {
    if (this.#smoothedMs === undefined) {
      this.#smoothedMs = ms;
      this.#variationMs = ms / 2;
      return;
    }
    this.#variationMs += (Math.abs(this.#smoothedMs - ms) - this.#variationMs) / 4;
    this.#smoothedMs += (ms - this.#smoothedMs) / 8;
  }

  /**
   * How long to wait for the answer to what has now been sent `tries` times: twice as long each time, never longer than
   * `limitMs`, which is the wait for a client that is not known yet.
   */
  waitMs(limitMs: number, tries: number): number {
    if (this.#smoothedMs === undefined) return limitMs;
    return Math.min(limitMs, Math.max(LEAST_WAIT_MS, this.#smoothedMs + 4 * this.#variationMs) * 2 ** (tries - 1));
  }
}
