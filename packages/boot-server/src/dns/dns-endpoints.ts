import type { DhcpNetwork } from "@railhead/provisioning";
import type { Ipv4Address } from "@railhead/wire";
import type { BindingLedger } from "../dhcp/binding-ledger.ts";
import type { Snapshot } from "../inventory/snapshot.ts";
import type { EventLog } from "../log/events.ts";
import type { Settings } from "../settings/schema.ts";
import { DnsServer } from "./dns-server.ts";
import { DnsService } from "./dns-service.ts";
import { Forwarder } from "./forwarder.ts";
import { nodeNames } from "./node-names.ts";

export interface DnsEndpointsParts {
  readonly settings: NonNullable<Settings["dns"]>;
  readonly networks: () => readonly DhcpNetwork[];
  readonly ledger: BindingLedger;
  readonly snapshot: () => Snapshot;
  readonly now: () => number;
  readonly log: EventLog;
}

/** The DNS service with all that belongs to it: names, other servers, and sockets on every address. */
export class DnsEndpoints {
  readonly #parts: DnsEndpointsParts;
  readonly #forwarder: Forwarder | undefined;
  readonly #service: DnsService;
  readonly #servers = new Map<Ipv4Address, DnsServer>();

  constructor(parts: DnsEndpointsParts) {
    const { settings, networks, ledger, snapshot, now, log } = parts;
    this.#parts = parts;
    const { upstream, ttlSeconds } = settings;
    this.#forwarder =
      upstream.length === 0 ? undefined : new Forwarder({ resolvers: upstream, log, now: () => performance.now() });
    const bindings = nodeNames(ledger);
    const facts = () => ({ networks: networks(), inventory: snapshot().inventory, bindings, ttlSeconds, now: now() });
    this.#service = new DnsService({ facts, forwarder: this.#forwarder, log });
  }

  /**
   * Listens where the settings say, or else on these addresses, and nowhere else any more.
   *
   * @throws BindError when one cannot be had
   */
  async listenOn(addresses: readonly Ipv4Address[]): Promise<void> {
    const { settings, log } = this.#parts;
    const wanted = new Set(settings.addresses ?? addresses);
    for (const address of wanted) {
      if (this.#servers.has(address)) continue;
      const server = new DnsServer({ address, port: settings.port, service: this.#service, log });
      try {
        await server.listen();
      } catch (error) {
        await server.close();
        throw error;
      }
      this.#servers.set(address, server);
    }
    for (const [address, server] of this.#servers) {
      if (wanted.has(address)) continue;
      this.#servers.delete(address);
      await server.close();
    }
  }

  async close(): Promise<void> {
    this.#forwarder?.close();
    await Promise.all([...this.#servers.values()].map((server) => server.close()));
  }
}
