import type { RemoteInfo } from "node:dgram";
import {
  type Binding,
  BindingTable,
  type BootServices,
  type ClientStage,
  clientOf,
  type DhcpNetwork,
  type DhcpOutcome,
  type RecordStore,
  respond,
} from "@railhead/provisioning";
import {
  DecodeError,
  type Dhcp4Message,
  decodeDhcp4,
  encodeDhcp4,
  type Ipv4Address,
  type MacAddress,
  macFromBytes,
  messageType,
  OPTION,
  readUint16Option,
  replyRoute,
} from "@railhead/wire";
import type { Snapshot } from "../inventory/snapshot.ts";
import type { EventLog } from "../log/events.ts";

/** What the DHCP server needs of its surroundings. */
export interface DhcpServerParts {
  readonly network: DhcpNetwork;
  readonly services: BootServices;
  readonly snapshot: () => Snapshot;
  readonly store: RecordStore<Binding>;
  readonly now: () => number;
  readonly log: EventLog;
  /** Called for every reply that told a machine its address. */
  readonly onContact: (contact: {
    readonly mac: MacAddress;
    readonly stage: ClientStage;
    readonly address: Ipv4Address;
  }) => void;
  readonly send: (payload: Uint8Array, port: number, address: string) => void;
}

const SMALLEST_MAXIMUM = 576; // RFC 2132 section 9.10
const LARGEST_REPLY = 1472; // an Ethernet frame; EDK2 asks for 65280 in its REQUEST
const IP_AND_UDP_HEADERS = 28;

/** The DHCP service of one network. `handle` is the way of a packet from the wire and back. */
export class DhcpServer {
  readonly #parts: DhcpServerParts;
  readonly #bindings: BindingTable;

  constructor(parts: DhcpServerParts) {
    this.#parts = parts;
    this.#bindings = new BindingTable(parts.network);
    for (const binding of parts.store.all().values()) this.#bindings.apply(binding);
  }

  /** Who holds an address, for those who know a machine by its address only. */
  holderOf(address: Ipv4Address): MacAddress | undefined {
    return this.#bindings.ofAddress(address)?.mac;
  }

  addressOf(mac: MacAddress): Ipv4Address | undefined {
    return this.#bindings.ofMac(mac)?.address;
  }

  /** Reservations may have changed. */
  inventoryChanged(): void {
    this.#bindings.rewind();
  }

  /** Handles one datagram. Never rejects: whatever a packet does, the next one is served. */
  async handle(datagram: Uint8Array, from: RemoteInfo): Promise<void> {
    const { log } = this.#parts;
    try {
      await this.#serve(decodeDhcp4(datagram));
    } catch (error) {
      const sender = `${from.address}:${from.port}`;
      if (error instanceof DecodeError) log({ event: "dhcp.malformed", reason: error.message, from: sender });
      else log({ event: "dhcp.failed", from: sender, error: error instanceof Error ? error.message : String(error) });
    }
  }

  async #serve(message: Dhcp4Message): Promise<void> {
    const { network, services, snapshot, now, log } = this.#parts;
    const { inventory } = snapshot();
    const outcome = respond({ message, network, services, inventory, bindings: this.#bindings, now: now() });
    switch (outcome.kind) {
      case "ignore":
        log({ event: "dhcp.ignored", reason: outcome.reason, mac: macOf(message) });
        return;
      case "record":
        await this.#record(outcome.binding);
        log({ event: "dhcp.recorded", ...pick(outcome.binding) });
        return;
      case "reply":
        if (outcome.binding !== undefined) await this.#record(outcome.binding);
        this.#reply(message, outcome);
    }
  }

  /**
   * Takes a binding into account and, unless it is only an offer, makes it durable: an address that is not recorded
   * is not handed out.
   *
   * @throws StoreError when it could not be recorded; then everything is as before
   */
  async #record(binding: Binding): Promise<void> {
    const former = [this.#bindings.ofMac(binding.mac), this.#bindings.ofAddress(binding.address)];
    this.#bindings.apply(binding);
    if (binding.state === "offered") return;
    try {
      await this.#parts.store.put(binding.address, binding);
      const [left] = former;
      if (left !== undefined && left.address !== binding.address) await this.#parts.store.delete(left.address);
    } catch (error) {
      this.#bindings.forget(binding.address);
      for (const previous of former) if (previous !== undefined) this.#bindings.apply(previous);
      throw error;
    }
  }

  #reply(request: Dhcp4Message, { reply, boot }: Extract<DhcpOutcome, { kind: "reply" }>): void {
    const { log, send, onContact, snapshot } = this.#parts;
    const payload = encodeDhcp4(reply, { maxSize: maximumSize(request), padAfter: [OPTION.bootFile] });
    const route = replyRoute(request, reply);
    send(payload, route.port, route.kind === "broadcast" ? "255.255.255.255" : route.address);

    const mac = macOf(request);
    const machine = snapshot().inventory.machineByMac.get(mac)?.name;
    log({
      event: "dhcp.reply",
      type: messageType(reply) ?? "unknown",
      mac,
      address: reply.yiaddr,
      boot: boot === undefined ? "none" : boot.kind === "none" ? boot.reason : boot.kind,
      ...(machine === undefined ? {} : { machine }),
    });
    const client = clientOf(request);
    if (boot !== undefined && "stage" in client) onContact({ mac, stage: client.stage, address: reply.yiaddr });
  }
}

function pick({ state, mac, address }: Binding): Pick<Binding, "state" | "mac" | "address"> {
  return { state, mac, address };
}

/** Option 57 counts the IP and UDP headers in (RFC 2132 section 9.10); a value below the minimum is taken for it. */
function maximumSize(request: Dhcp4Message): number {
  const asked = readUint16Option(request, OPTION.maxMessageSize) ?? SMALLEST_MAXIMUM;
  return Math.min(Math.max(asked, SMALLEST_MAXIMUM), LARGEST_REPLY + IP_AND_UDP_HEADERS) - IP_AND_UDP_HEADERS;
}

function macOf(message: Dhcp4Message): MacAddress {
  return macFromBytes(message.chaddr.subarray(0, 6));
}
