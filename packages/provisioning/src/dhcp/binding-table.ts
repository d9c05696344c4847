import { type Ipv4Address, ipv4FromNumber, ipv4ToNumber, type MacAddress } from "@railhead/wire";
import type { Binding } from "./binding.ts";
import { ExpiryHeap } from "./expiry-heap.ts";
import type { DhcpNetwork } from "./network.ts";

/** What a decision may ask about the addresses in use. */
export interface Bindings {
  ofMac(mac: MacAddress): Binding | undefined;
  ofAddress(address: Ipv4Address): Binding | undefined;
  /** An address of the pool that nobody holds and nobody has reserved; `undefined` when there is none. */
  findFree(isReserved: (address: Ipv4Address) => boolean, now: number): Ipv4Address | undefined;
}

/**
 * All bindings of one network by address, and for each MAC the one that counts: the last offer, else its lease.
 *
 * A free address is found without a scan of the pool: first those never used, by a cursor, then the one whose
 * binding ran out longest ago, by a heap. So an address rests as long as possible before somebody else gets it.
 */
export class BindingTable implements Bindings {
  readonly #byMac = new Map<MacAddress, Binding>();
  readonly #byAddress = new Map<Ipv4Address, Binding>();
  /** What a MAC has beside the one that counts: the lease that it may still use while another address is offered. */
  readonly #beside = new Map<MacAddress, readonly Binding[]>();
  readonly #expiry = new ExpiryHeap<Ipv4Address>();
  readonly #first: number;
  readonly #last: number;
  #cursor: number;

  constructor(network: Pick<DhcpNetwork, "pool">) {
    this.#first = network.pool === undefined ? 1 : ipv4ToNumber(network.pool.first);
    this.#last = network.pool === undefined ? 0 : ipv4ToNumber(network.pool.last);
    this.#cursor = this.#first;
  }

  ofMac(mac: MacAddress): Binding | undefined {
    return this.#byMac.get(mac);
  }

  ofAddress(address: Ipv4Address): Binding | undefined {
    return this.#byAddress.get(address);
  }

  values(): IterableIterator<Binding> {
    return this.#byAddress.values();
  }

  /**
   * Records a binding. It takes the place of whatever the address had. A lease takes the place of all that its client
   * had elsewhere; an offer does not, because the client may never take it up; that it declined an address says
   * nothing of any other.
   *
   * @returns what the client had at other addresses and has no longer
   */
  apply(binding: Binding): readonly Binding[] {
    const { address, mac, state } = binding;
    const holder = this.#byAddress.get(address);
    if (holder !== undefined) this.#remove(holder);
    const left = state === "leased" || state === "released" ? this.#allOf(mac) : [];
    for (const other of left) this.#remove(other);
    this.#add(binding);
    return left;
  }

  /** Takes back what was recorded before, without displacing anything: an address that is taken stays as it is. */
  restore(binding: Binding): void {
    if (this.#byAddress.has(binding.address)) return;
    const current = this.#byMac.get(binding.mac);
    this.#add(binding);
    // The one that lasts longest counts; the other is still kept from everybody else.
    if (current !== undefined && binding.state !== "declined" && current.expiresAt > binding.expiresAt) {
      this.#setCurrent(current);
    }
  }

  /** Changes every binding, by nothing but its times: who has what stays. */
  shift(milliseconds: number): void {
    const shifted = (binding: Binding): Binding => ({ ...binding, expiresAt: binding.expiresAt + milliseconds });
    for (const [address, binding] of this.#byAddress) {
      this.#byAddress.set(address, shifted(binding));
      this.#enqueue(shifted(binding));
    }
    for (const [mac, binding] of this.#byMac) this.#byMac.set(mac, this.#byAddress.get(binding.address) ?? binding);
    for (const [mac, beside] of this.#beside)
      this.#beside.set(
        mac,
        beside.map((binding) => this.#byAddress.get(binding.address) ?? binding),
      );
  }

  /** Forgets what is recorded of an address: the way back when a binding could not be made durable. */
  forget(address: Ipv4Address): void {
    const binding = this.#byAddress.get(address);
    if (binding !== undefined) this.#remove(binding);
  }

  findFree(isReserved: (address: Ipv4Address) => boolean, now: number): Ipv4Address | undefined {
    for (; this.#cursor <= this.#last; this.#cursor += 1) {
      const address = ipv4FromNumber(this.#cursor);
      if (!this.#byAddress.has(address) && !isReserved(address)) return address;
    }
    for (let next = this.#expiry.peek(); next !== undefined && next.at <= now; next = this.#expiry.peek()) {
      if (!isReserved(next.key)) return next.key;
      // Out of the way for good; `rewind` brings it back when reservations change.
      this.#expiry.delete(next.key);
    }
    return undefined;
  }

  /** To be called when reservations have changed: addresses passed over for the sake of one are looked at again. */
  rewind(): void {
    this.#cursor = this.#first;
    for (const binding of this.#byAddress.values()) this.#enqueue(binding);
  }

  #enqueue(binding: Binding): void {
    if (!this.#inPool(ipv4ToNumber(binding.address))) return;
    this.#expiry.set(binding.address, binding.state === "released" ? 0 : binding.expiresAt);
  }

  #add(binding: Binding): void {
    this.#byAddress.set(binding.address, binding);
    if (binding.state !== "declined") this.#setCurrent(binding);
    this.#enqueue(binding);
  }

  /** Makes a binding the one that counts for its MAC; the one that did before goes beside it. */
  #setCurrent(binding: Binding): void {
    const { mac, address } = binding;
    const former = this.#byMac.get(mac);
    this.#byMac.set(mac, binding);
    const beside = this.#beside.get(mac);
    if (beside === undefined && (former === undefined || former.address === address)) return; // nearly always
    this.#setBeside(
      mac,
      [...(former === undefined ? [] : [former]), ...(beside ?? [])].filter((other) => other.address !== address),
    );
  }

  #setBeside(mac: MacAddress, bindings: readonly Binding[]): void {
    if (bindings.length === 0) this.#beside.delete(mac);
    else this.#beside.set(mac, bindings);
  }

  #allOf(mac: MacAddress): readonly Binding[] {
    const current = this.#byMac.get(mac);
    return current === undefined ? [] : [current, ...(this.#beside.get(mac) ?? [])];
  }

  #remove({ address, mac }: Binding): void {
    this.#byAddress.delete(address);
    const beside = this.#beside.get(mac)?.filter((other) => other.address !== address) ?? [];
    if (this.#byMac.get(mac)?.address === address) {
      const [next, ...rest] = beside;
      if (next === undefined) this.#byMac.delete(mac);
      else this.#byMac.set(mac, next);
      this.#setBeside(mac, rest);
    } else this.#setBeside(mac, beside);
    // An address that nobody is recorded for any more is free at once; the cursor may have passed it already.
    if (this.#inPool(ipv4ToNumber(address))) this.#expiry.set(address, 0);
  }

  #inPool(number: number): boolean {
    return number >= this.#first && number <= this.#last;
  }
}
