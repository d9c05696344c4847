import { type Binding, BindingTable, type DhcpNetwork, isHeld, type RecordStore } from "@railhead/provisioning";
import { type Ipv4Address, type MacAddress, subnetContains } from "@railhead/wire";

/** Who holds which address on all networks: the tables that decisions look at, and the store behind them. */
export class BindingLedger {
  readonly #store: RecordStore<Binding>;
  readonly #listeners: ((binding: Binding) => void)[] = [];
  /** By the network's name, which outlives a reload: an exchange that is under way meanwhile finds its table. */
  #tables: ReadonlyMap<string, BindingTable>;

  constructor(store: RecordStore<Binding>, networks: readonly DhcpNetwork[]) {
    this.#store = store;
    this.#tables = fill(networks, [...store.all().values()]);
  }

  /** @throws RangeError when the network is not one of this ledger's */
  tableOf(network: DhcpNetwork): BindingTable {
    const table = this.#tables.get(network.name);
    if (table === undefined) throw new RangeError(`network ${network.name} is not served`);
    return table;
  }

  /** Who has leased an address, for those who know a machine by its address only. */
  holderOf(address: Ipv4Address, now: number): MacAddress | undefined {
    const binding = this.ofAddress(address);
    return binding?.state === "leased" && isHeld(binding, now) ? binding.mac : undefined;
  }

  ofAddress(address: Ipv4Address): Binding | undefined {
    return first(this.#tables.values(), (table) => table.ofAddress(address));
  }

  /** What is recorded for a MAC, on every network. */
  ofMac(mac: MacAddress): readonly Binding[] {
    return [...this.#tables.values()].flatMap((table) => table.ofMac(mac) ?? []);
  }

  /** Calls for every binding that is recorded from now on, but for offers. */
  onRecord(listener: (binding: Binding) => void): void {
    this.#listeners.push(listener);
  }

  /** The address that a MAC has leased; where it has several, the one that it has longest. */
  addressOf(mac: MacAddress, now: number): Ipv4Address | undefined {
    const leased = this.ofMac(mac).filter((binding) => binding.state === "leased" && isHeld(binding, now));
    return leased.toSorted((a, b) => b.expiresAt - a.expiresAt)[0]?.address;
  }

  /** Every binding, also of offers. */
  values(): readonly Binding[] {
    return [...this.#tables.values()].flatMap((table) => [...table.values()]);
  }

  /** Reservations may have changed. */
  rewind(): void {
    for (const table of this.#tables.values()) table.rewind();
  }

  /** The networks have changed: what is held on those that stay is still held, offers included. */
  replaceNetworks(networks: readonly DhcpNetwork[]): void {
    // What is in memory is newer than what is on disk, and comes first.
    this.#tables = fill(networks, [...this.values(), ...this.#store.all().values()]);
    for (const binding of this.values()) if (binding.state !== "offered") this.#announce(binding);
  }

  /**
   * Forgets what is recorded of an address, so that it is free; false when there is nothing. Nothing else of the
   * client's is touched: who declined the address may have a lease of another.
   *
   * @throws StoreError
   */
  async release(address: Ipv4Address): Promise<boolean> {
    const table = first(this.#tables.values(), (candidate) =>
      candidate.ofAddress(address) === undefined ? undefined : candidate,
    );
    if (table === undefined) return false;
    await this.#store.delete(address);
    table.forget(address);
    return true;
  }

  /**
   * Sets every end forward or back, after the clock was: in memory at once, then on disk.
   *
   * @throws StoreError when some could not be written; in memory all are shifted
   */
  async shift(milliseconds: number): Promise<void> {
    for (const table of this.#tables.values()) table.shift(milliseconds);
    const written = await Promise.allSettled(
      [...this.#store.all().values()].map((binding) => {
        const inMemory = this.ofAddress(binding.address);
        const isNewer = inMemory !== undefined && inMemory.state !== "offered";
        return this.#store.put(
          binding.address,
          isNewer ? inMemory : { ...binding, expiresAt: binding.expiresAt + milliseconds },
        );
      }),
    );
    for (const result of written) if (result.status === "rejected") throw result.reason;
  }

  /**
   * Takes a binding into account and, unless it is only an offer, makes it durable: an address that is not recorded
   * is not handed out.
   *
   * @throws StoreError when it could not be recorded; then everything is as before, but for what came in between
   */
  async record(network: DhcpNetwork, binding: Binding): Promise<void> {
    const table = this.tableOf(network);
    const { address } = binding;
    const former = table.ofAddress(address);
    const left = table.apply(binding);
    if (binding.state === "offered") return;
    try {
      await this.#store.put(address, binding);
    } catch (error) {
      // A repeated request may have recorded it anew meanwhile, and that may yet succeed: it is not ours to undo.
      if (table.ofAddress(address) === binding) {
        table.forget(address);
        if (former !== undefined) table.restore(former);
        for (const other of left) table.restore(other);
      }
      throw error;
    }
    // An address that the client has left may have a new holder already, whose record is not ours to delete.
    for (const other of left) if (table.ofAddress(other.address) === undefined) await this.#store.delete(other.address);
    this.#announce(binding);
  }

  #announce(binding: Binding): void {
    for (const listener of this.#listeners) listener(binding);
  }
}

/** The first binding of an address counts. */
function fill(networks: readonly DhcpNetwork[], bindings: readonly Binding[]): Map<string, BindingTable> {
  const tables = new Map(networks.map((network) => [network.name, new BindingTable(network)]));
  for (const binding of bindings) {
    const network = networks.find(({ subnet }) => subnetContains(subnet, binding.address));
    if (network !== undefined) tables.get(network.name)?.restore(binding);
  }
  return tables;
}

function first<T, U>(items: Iterable<T>, find: (item: T) => U | undefined): U | undefined {
  for (const item of items) {
    const found = find(item);
    if (found !== undefined) return found;
  }
  return undefined;
}
