import type { MacAddress } from "@railhead/wire";

const WINDOW_MILLISECONDS = 60_000;
const MOST_CHAINLOADS = 5;
const MOST_CLIENTS = 10_000;

/**
 * Notices a client that is sent to its loader again and again without ever asking for its script: a loader that is no
 * iPXE, say, or one that starts the firmware's network boot anew. Somebody who switches a machine off and on does not
 * come near the limit.
 */
export class LoopGuard {
  readonly #sent = new Map<MacAddress, readonly number[]>();

  /** Whether the client has had its tries; it gets new ones after a minute. */
  isLooping(mac: MacAddress, now: number): boolean {
    return this.#recent(mac, now).length >= MOST_CHAINLOADS;
  }

  /** The client took an offer that sends it to a loader. */
  chainloaded(mac: MacAddress, now: number): void {
    const recent = this.#recent(mac, now);
    this.#sent.delete(mac); // to the end of the order, so that the oldest clients are forgotten first
    this.#sent.set(mac, [...recent, now]);
    const [oldest] = this.#sent.keys();
    if (this.#sent.size > MOST_CLIENTS && oldest !== undefined) this.#sent.delete(oldest);
  }

  /** The client got further. */
  escaped(mac: MacAddress): void {
    this.#sent.delete(mac);
  }

  #recent(mac: MacAddress, now: number): readonly number[] {
    return (this.#sent.get(mac) ?? []).filter((at) => now - at < WINDOW_MILLISECONDS);
  }
}
