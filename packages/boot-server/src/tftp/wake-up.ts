/** Fine enough for TFTP, whose shortest wait is 50 ms. */
const RESOLUTION_MS = 10;

/** Something that is to be woken at a time of its own choosing, which it may move. */
export interface Sleeper {
  /** In the time of `performance.now()`. */
  readonly wakeAt: number;
  wake(now: number): void;
}

/**
 * Wakes sleepers when their time has come. One timer for all, that looks every 10 ms: a transfer moves its time with
 * each packet, and a timer that is set anew so often costs as much as sending the packet.
 */
export class WakeUp {
  readonly #sleepers = new Set<Sleeper>();
  #timer: NodeJS.Timeout | undefined;

  add(sleeper: Sleeper): void {
    this.#sleepers.add(sleeper);
    this.#timer ??= setInterval(() => this.#look(), RESOLUTION_MS);
  }

  remove(sleeper: Sleeper): void {
    this.#sleepers.delete(sleeper);
    if (this.#sleepers.size > 0) return;
    clearInterval(this.#timer);
    this.#timer = undefined;
  }

  #look(): void {
    const now = performance.now();
    for (const sleeper of this.#sleepers) if (sleeper.wakeAt <= now) sleeper.wake(now);
  }
}
