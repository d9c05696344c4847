import { isDeepStrictEqual } from "node:util";
import type { Binding, BootServices, ClientStage, DhcpNetwork, RecordStore } from "@railhead/provisioning";
import type { Ipv4Address, MacAddress } from "@railhead/wire";
import { SteadyClock } from "../clock/steady-clock.ts";
import type { Snapshot } from "../inventory/snapshot.ts";
import type { EventLog } from "../log/events.ts";
import { AddressProbe } from "../net/address-probe.ts";
import { BindingLedger } from "./binding-ledger.ts";
import { DhcpEndpoints, type DhcpListener } from "./dhcp-endpoints.ts";
import { DhcpServer, type ServedNetwork } from "./dhcp-server.ts";
import { type ForeignServer, ForeignServerSearch } from "./foreign-servers.ts";
import { PassedDhcpSockets } from "./passed-dhcp-sockets.ts";

export interface DhcpServiceParts {
  readonly networks: readonly DhcpNetwork[];
  readonly bootServices: (network: DhcpNetwork) => BootServices;
  /** Sockets that the service manager hands over, by the name of their network. */
  readonly passed: ReadonlyMap<string, number>;
  readonly store: RecordStore<Binding>;
  readonly snapshot: () => Snapshot;
  readonly log: EventLog;
  readonly onContact: (contact: {
    readonly mac: MacAddress;
    readonly stage: ClientStage;
    readonly address?: Ipv4Address;
  }) => void;
}

/** Less is the wall clock's own unsteadiness. */
const CLOCK_STEP_MILLISECONDS = 5000;
const CLOCK_WATCH_MILLISECONDS = 10_000;

/** The DHCP service with all that belongs to it: sockets, bindings, clock, the look-out for other servers. */
export class DhcpService {
  readonly ledger: BindingLedger;
  readonly #parts: DhcpServiceParts;
  readonly #server: DhcpServer;
  readonly #clock = new SteadyClock();
  readonly #search: ForeignServerSearch;
  readonly #listener: DhcpListener;
  #networks: readonly DhcpNetwork[];
  #served: readonly ServedNetwork[];
  readonly #passed: PassedDhcpSockets;
  #endpoints: DhcpEndpoints | undefined;
  #foreign: readonly ForeignServer[] = [];
  #clockWatch: NodeJS.Timeout | undefined;

  constructor(parts: DhcpServiceParts) {
    const { networks, store, snapshot, log, onContact, bootServices } = parts;
    this.#parts = parts;
    this.#passed = new PassedDhcpSockets(parts.passed);
    this.#networks = networks;
    this.#served = networks.map((network) => ({ network, services: bootServices(network) }));
    this.ledger = new BindingLedger(store, networks);
    this.#search = new ForeignServerSearch((network, payload, port, address) =>
      this.#endpoints?.send({ network, port: 67 }, payload, port, address),
    );
    this.#server = new DhcpServer({
      networks: () => this.#served,
      ledger: this.ledger,
      probe: new AddressProbe(),
      ownQuestion: this.#search.mac,
      snapshot,
      now: () => this.#clock.now(),
      log,
      onContact,
      send: (from, payload, port, address) => this.#endpoints?.send(from, payload, port, address),
    });
    this.#listener = {
      onDatagram: ({ payload, ...arrival }) => void this.#server.handle(payload, arrival),
      onError: (error) => log({ event: "dhcp.failed", from: "socket", error: error.message }),
    };
  }

  /**
   * Begins to answer. To be called when everything else that a machine will ask for is there.
   *
   * @throws BindError
   */
  async listen(): Promise<void> {
    this.#endpoints = await DhcpEndpoints.open(this.#networks, this.#passed, this.#listener);
    this.#clockWatch = setInterval(() => void this.#followClock(), CLOCK_WATCH_MILLISECONDS);
  }

  /** Milliseconds since the epoch, by the clock that leases are measured by. */
  now(): number {
    return this.#clock.now();
  }

  /** DHCP servers that are not ours and answer where only we should, as of the last look. */
  get foreignServers(): readonly ForeignServer[] {
    return this.#foreign;
  }

  /** Looks for other DHCP servers on every network where this one gives the addresses; takes two seconds. */
  async lookForForeignServers(): Promise<readonly ForeignServer[]> {
    const { log } = this.#parts;
    const ours = this.#networks.map(({ serverAddress }) => serverAddress);
    const alone = this.#networks.filter(
      ({ mode, relayed }) => (mode === "authoritative" || mode === "reservations") && !relayed,
    );
    try {
      const found = await Promise.all(alone.map((network) => this.#search.search(network, ours)));
      this.#foreign = found.flat();
      for (const server of this.#foreign) log({ event: "dhcp.foreign-server", ...server });
    } catch (error) {
      log({ event: "dhcp.failed", from: "search", error: error instanceof Error ? error.message : String(error) });
    }
    return this.#foreign;
  }

  /**
   * Takes over other networks, without a moment in which nobody listens.
   *
   * @throws BindError when one of their addresses cannot be had; then everything stays as it was
   */
  async replaceNetworks(networks: readonly DhcpNetwork[]): Promise<void> {
    if (isDeepStrictEqual(networks, this.#networks)) return;
    const former = this.#endpoints;
    if (socketsOf(networks) !== socketsOf(this.#networks)) {
      this.#endpoints = await DhcpEndpoints.open(networks, this.#passed, this.#listener, { beside: true });
      await former?.close();
    }
    this.ledger.replaceNetworks(networks);
    this.#networks = networks;
    this.#served = networks.map((network) => ({ network, services: this.#parts.bootServices(network) }));
  }

  async close(): Promise<void> {
    clearInterval(this.#clockWatch);
    await this.#endpoints?.close();
    await this.#passed[Symbol.asyncDispose]();
  }

  /** When somebody has set the clock, leases keep their length: their ends are set as far. */
  async #followClock(): Promise<void> {
    const drift = this.#clock.drift();
    if (Math.abs(drift) < CLOCK_STEP_MILLISECONDS) return;
    this.#parts.log({ event: "clock.stepped", seconds: drift / 1000 });
    this.#clock.step(drift);
    try {
      await this.ledger.shift(drift);
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      this.#parts.log({ event: "store.problem", problem: `leases not shifted on disk: ${reason}` });
    }
  }
}

/** Two sets of networks with the same text are served by the same sockets. */
function socketsOf(networks: readonly DhcpNetwork[]): string {
  return JSON.stringify(
    networks.map(({ name, mode, serverAddress }) => [name, mode === "off", mode === "proxy", serverAddress]),
  );
}
