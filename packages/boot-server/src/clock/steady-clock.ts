/**
 * Wall-clock time that does not jump: a lease of an hour lasts an hour, also when somebody sets the clock meanwhile.
 *
 * It follows the monotonic clock; `drift` says how far the wall clock has gone elsewhere, and `step` goes after it,
 * once everything that is measured by this clock has been shifted.
 */
export class SteadyClock {
  readonly #wall: () => number;
  readonly #monotonic: () => number;
  #offset: number;

  constructor(wall: () => number = Date.now, monotonic: () => number = () => performance.now()) {
    this.#wall = wall;
    this.#monotonic = monotonic;
    this.#offset = wall() - monotonic();
  }

  /** Milliseconds since the epoch. */
  now(): number {
    return Math.round(this.#monotonic() + this.#offset);
  }

  /** How many milliseconds the wall clock is ahead. */
  drift(): number {
    return Math.round(this.#wall() - this.#monotonic() - this.#offset);
  }

  step(milliseconds: number): void {
    this.#offset += milliseconds;
  }
}
