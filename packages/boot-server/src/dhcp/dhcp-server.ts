import type { RemoteInfo } from "node:dgram";
import {
  type Binding,
  type BootServices,
  type ClientStage,
  clientOf,
  type DhcpIgnoreReason,
  type DhcpNetwork,
  type DhcpOutcome,
  LoopGuard,
  respond,
  respondOnBootServerPort,
  selectNetworks,
} from "@railhead/provisioning";
import {
  BROADCAST_IPV4,
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
import type { AddressProbe } from "../net/address-probe.ts";
import type { BindingLedger } from "./binding-ledger.ts";

/** A network and what its clients are sent to. */
export interface ServedNetwork {
  readonly network: DhcpNetwork;
  readonly services: BootServices;
}

/** Sends a datagram from a network's own address and one of the ports that it listens on. */
export type SendDatagram = (
  from: { readonly network: DhcpNetwork; readonly port: 67 | 4011 },
  payload: Uint8Array,
  port: number,
  address: string,
) => void;

/** What the DHCP server needs of its surroundings. */
export interface DhcpServerParts {
  readonly networks: () => readonly ServedNetwork[];
  readonly ledger: BindingLedger;
  readonly probe: Pick<AddressProbe, "isUnderWay" | "findHolder">;
  /** The MAC that we ask by ourselves when we look for other servers. */
  readonly ownQuestion?: MacAddress;
  readonly snapshot: () => Snapshot;
  readonly now: () => number;
  readonly log: EventLog;
  /** Called for every reply that told a machine what to boot. */
  readonly onContact: (contact: {
    readonly mac: MacAddress;
    readonly stage: ClientStage;
    /** Absent where another server gives the addresses. */
    readonly address?: Ipv4Address;
  }) => void;
  readonly send: SendDatagram;
}

/** How a datagram came. */
export interface Arrival {
  readonly from: RemoteInfo;
  /** The name of the network whose socket it came in on; `undefined` when that cannot be told. */
  readonly network: string | undefined;
  readonly port: 67 | 4011;
}

/** How many addresses in a row may turn out to be taken before the client has to ask again. */
const MOST_TRIES = 3;
const SMALLEST_MAXIMUM = 576; // RFC 2132 section 9.10
const LARGEST_REPLY = 1472; // an Ethernet frame; EDK2 asks for 65280 in its REQUEST
const IP_AND_UDP_HEADERS = 28;

/** The DHCP service of all networks. `handle` is the way of a packet from the wire and back. */
export class DhcpServer {
  readonly #parts: DhcpServerParts;
  readonly #loops = new LoopGuard();

  constructor(parts: DhcpServerParts) {
    this.#parts = parts;
  }

  /** Handles one datagram. Never rejects: whatever a packet does, the next one is served. */
  async handle(datagram: Uint8Array, arrival: Arrival): Promise<void> {
    const { log } = this.#parts;
    try {
      await this.#serve(decodeDhcp4(datagram), arrival);
    } catch (error) {
      const from = `${arrival.from.address}:${arrival.from.port}`;
      if (error instanceof DecodeError) log({ event: "dhcp.malformed", reason: error.message, from });
      else log({ event: "dhcp.failed", from, error: error instanceof Error ? error.message : String(error) });
    }
  }

  async #serve(message: Dhcp4Message, arrival: Arrival): Promise<void> {
    if (macOf(message) === this.#parts.ownQuestion) return;
    const networks = this.#parts.networks();
    const all = networks.map(({ network }) => network);
    // By name: a network that was reloaded is another object, but its sockets are the same.
    const arrivedOn = all.find(({ name }) => name === arrival.network);
    const selected = selectNetworks(message, all, arrivedOn);
    if (selected.length === 0) this.#ignore("unknown-subnet", message);
    for (const served of networks) {
      if (selected.includes(served.network)) await this.#serveOn(served, message, arrival);
    }
  }

  async #serveOn(served: ServedNetwork, message: Dhcp4Message, arrival: Arrival, tries = 1): Promise<void> {
    const { network } = served;
    const { ledger, log } = this.#parts;
    const outcome = this.#decide(served, message, arrival);
    switch (outcome.kind) {
      case "ignore":
        this.#ignore(outcome.reason, message);
        return;
      case "record":
        await ledger.record(network, outcome.binding);
        log({ event: "dhcp.recorded", ...pick(outcome.binding) });
        return;
      case "reply": {
        const { binding, reply, unverified } = outcome;
        // Before anything is recorded: what does not fit into a packet must not take an address.
        const payload = encodeDhcp4(reply, { maxSize: maximumSize(message), padAfter: [OPTION.bootFile] });
        if (binding !== undefined && this.#parts.probe.isUnderWay(binding.address)) {
          this.#ignore("address-is-looked-for", message);
          return;
        }
        if (binding !== undefined) await ledger.record(network, binding);
        if (unverified && binding !== undefined && (await this.#isTaken(network, binding))) {
          if (tries < MOST_TRIES) await this.#serveOn(served, message, arrival, tries + 1);
          return;
        }
        this.#send(payload, message, reply, { network, arrival });
        this.#tell(message, outcome, network);
      }
    }
  }

  #decide({ network, services }: ServedNetwork, message: Dhcp4Message, { port }: Arrival): DhcpOutcome {
    const { ledger, snapshot, now } = this.#parts;
    const decide = port === 67 ? respond : respondOnBootServerPort;
    return decide({
      message,
      network,
      services,
      inventory: snapshot().inventory,
      bindings: ledger.tableOf(network),
      now: now(),
      looping: this.#loops.isLooping(macOf(message), now()),
    });
  }

  /** Looks for an address that is to be offered for the first time; one that somebody uses is kept from all. */
  async #isTaken(network: DhcpNetwork, offered: Binding): Promise<boolean> {
    if (!network.conflictCheck) return false;
    const { ledger, probe, now, log } = this.#parts;
    const holder = await probe.findHolder(offered.address, network.relayed);
    if (holder === undefined || holder === offered.mac) return false;
    log({ event: "dhcp.conflict", address: offered.address, holder, network: network.name });
    const expiresAt = now() + network.quarantineSeconds * 1000;
    await ledger.record(network, { ...offered, state: "declined", expiresAt });
    return true;
  }

  #ignore(reason: DhcpIgnoreReason, message: Dhcp4Message): void {
    this.#parts.log({ event: "dhcp.ignored", reason, mac: macOf(message) });
  }

  #send(
    payload: Uint8Array,
    request: Dhcp4Message,
    reply: Dhcp4Message,
    { network, arrival }: { readonly network: DhcpNetwork; readonly arrival: Arrival },
  ): void {
    const { send } = this.#parts;
    if (arrival.port === 4011) {
      // To where it came from: EDK2 asks from port 4011, iPXE from 68 (rule R12).
      send({ network, port: 4011 }, payload, arrival.from.port, arrival.from.address);
      return;
    }
    const route = replyRoute(request, reply);
    send({ network, port: 67 }, payload, route.port, route.kind === "broadcast" ? BROADCAST_IPV4 : route.address);
  }

  #tell(request: Dhcp4Message, { reply, boot }: Extract<DhcpOutcome, { kind: "reply" }>, network: DhcpNetwork): void {
    const { log, onContact, snapshot } = this.#parts;
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
    if (boot === undefined || !("stage" in client)) return;
    if (boot.kind === "script") this.#loops.escaped(mac);
    else if (boot.kind === "chainload" && messageType(reply) === "ack") this.#loops.chainloaded(mac, this.#parts.now());
    onContact({ mac, stage: client.stage, ...(network.mode === "proxy" ? {} : { address: reply.yiaddr }) });
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
