import { type Binding, BindingTable, type DhcpNetwork, type RecordStore } from "@railhead/provisioning";
import { type Ipv4Address, type MacAddress, subnetContains } from "@railhead/wire";

/** Who holds which address on all networks: the tables that decisions look at, and the store behind them. */
export class BindingLedger {
  readonly #store: RecordStore<Binding>;
  readonly #listeners: ((binding: Binding) => void)[] = [];
  #tables: ReadonlyMap<DhcpNetwork, BindingTable>;

  constructor(store: RecordStore<Binding>, networks: readonly DhcpNetwork[]) {
    this.#store = store;
    this.#tables = fill(networks, [...store.all().values()]);
  }

  /** @throws RangeError when the network is not one of this ledger's */
  tableOf(network: DhcpNetwork): BindingTable {
    const table = this.#tables.get(network);
    if (table === undefined) throw new RangeError(`network ${network.name} is not served`);
    return table;
  }

  /** Who holds an address, for those who know a machine by its address only. */
  holderOf(address: Ipv4Address): MacAddress | undefined {
    return this.ofAddress(address)?.mac;
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

  addressOf(mac: MacAddress): Ipv4Address | undefined {
    return first(this.#tables.values(), (table) => table.ofMac(mac)?.address);
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
    this.#tables = fill(networks, [...this.#store.all().values(), ...this.values()]);
    for (const binding of this.values()) this.#announce(binding);
  }

  /** Forgets a lease, as if the client had given it back; false when there is none. */
  async release(address: Ipv4Address, now: number): Promise<boolean> {
    for (const [network, table] of this.#tables) {
      const binding = table.ofAddress(address);
      if (binding === undefined) continue;
      await this.record(network, { ...binding, state: "released", expiresAt: now });
      return true;
    }
    return false;
  }

  /** Sets every end forward or back, after the clock was. */
  async shift(milliseconds: number): Promise<void> {
    const shifted = [...this.#tables].flatMap(([network, table]) =>
      [...table.values()].map((binding) =>
        this.record(network, { ...binding, expiresAt: binding.expiresAt + milliseconds }),
      ),
    );
    await Promise.all(shifted);
  }

  /**
   * Takes a binding into account and, unless it is only an offer, makes it durable: an address that is not recorded
   * is not handed out.
   *
   * @throws StoreError when it could not be recorded; then everything is as before
   */
  async record(network: DhcpNetwork, binding: Binding): Promise<void> {
    const table = this.tableOf(network);
    const former = [table.ofMac(binding.mac), table.ofAddress(binding.address)];
    table.apply(binding);
    if (binding.state === "offered") return;
    try {
      await this.#store.put(binding.address, binding);
      const [left] = former;
      if (left !== undefined && left.address !== binding.address) await this.#store.delete(left.address);
    } catch (error) {
      // A repeated request may have recorded it anew meanwhile, and that may yet succeed: it is not ours to undo.
      if (table.ofAddress(binding.address) === binding) {
        table.forget(binding.address);
        for (const previous of former) if (previous !== undefined) table.apply(previous);
      }
      throw error;
    }
    this.#announce(binding);
  }

  #announce(binding: Binding): void {
    for (const listener of this.#listeners) listener(binding);
  }
}

function fill(networks: readonly DhcpNetwork[], bindings: readonly Binding[]): Map<DhcpNetwork, BindingTable> {
  const tables = new Map(networks.map((network) => [network, new BindingTable(network)]));
  // A crash may have left a client with the address that it had before beside the one that it has: the later counts.
  for (const binding of bindings.toSorted((a, b) => a.expiresAt - b.expiresAt)) {
    const network = networks.find(({ subnet }) => subnetContains(subnet, binding.address));
    if (network !== undefined) tables.get(network)?.apply(binding);
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
