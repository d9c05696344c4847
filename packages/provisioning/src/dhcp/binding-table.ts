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
 * All bindings of one network, one for each MAC and one for each address.
 *
 * A free address is found without a scan of the pool: first those never used, by a cursor, then the one whose
 * binding ran out longest ago, by a heap. So an address rests as long as possible before somebody else gets it.
 */
export class BindingTable implements Bindings {
  readonly #byMac = new Map<MacAddress, Binding>();
  readonly #byAddress = new Map<Ipv4Address, Binding>();
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
   * Records a binding. It takes the place of what the MAC had before and of what the address had before. Only that a
   * client declined an address says nothing of any other that it has.
   */
  apply(binding: Binding): void {
    const { address, mac, state } = binding;
    const former = this.#byMac.get(mac);
    if (state !== "declined" && former !== undefined && former.address !== address) this.#remove(former);
    const holder = this.#byAddress.get(address);
    if (holder !== undefined && holder.mac !== mac) this.#remove(holder);
    this.#byAddress.set(address, binding);
    if (state !== "declined") this.#byMac.set(mac, binding);
    else if (former?.address === address) this.#byMac.delete(mac);
    this.#enqueue(binding);
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

  #remove(binding: Binding): void {
    this.#byAddress.delete(binding.address);
    if (this.#byMac.get(binding.mac)?.address === binding.address) this.#byMac.delete(binding.mac);
    // An address that nobody is recorded for any more is free at once; the cursor may have passed it already.
    if (this.#inPool(ipv4ToNumber(binding.address))) this.#expiry.set(binding.address, 0);
  }

  #inPool(number: number): boolean {
    return number >= this.#first && number <= this.#last;
  }
}
