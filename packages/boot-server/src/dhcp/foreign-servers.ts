import { randomBytes } from "node:crypto";
import { createSocket } from "node:dgram";
import { setTimeout as sleep } from "node:timers/promises";
import type { DhcpNetwork } from "@railhead/provisioning";
import {
  DecodeError,
  type Dhcp4Message,
  decodeDhcp4,
  encodeDhcp4,
  type Ipv4Address,
  type MacAddress,
  macFromBytes,
  macToBytes,
  messageType,
  messageTypeOption,
  OPTION,
  readIpv4Option,
  ZERO_IPV4,
} from "@railhead/wire";
import { bindUdp, closeUdp } from "../net/bind-udp.ts";

/** A DHCP server that is not ours, on a network where only we should answer. */
export interface ForeignServer {
  readonly network: string;
  readonly server: Ipv4Address;
  readonly offered: Ipv4Address;
}

const CLIENT_PORT = 68;
const ANSWER_MILLISECONDS = 2000;

/**
 * Asks a network for an address as a client would, and listens who answers. The MAC is made up anew for each process
 * (locally administered), so that our own server can leave the question alone.
 */
export class ForeignServerSearch {
  readonly mac: MacAddress = macFromBytes(Uint8Array.of(0x02, ...randomBytes(5)));
  readonly #send: (network: DhcpNetwork, payload: Uint8Array, port: number, address: string) => void;

  constructor(send: (network: DhcpNetwork, payload: Uint8Array, port: number, address: string) => void) {
    this.#send = send;
  }

  /**
   * @param ours our own addresses, whose offers do not count
   * @throws BindError when another program holds the DHCP client's port for itself
   */
  async search(network: DhcpNetwork, ours: readonly Ipv4Address[]): Promise<readonly ForeignServer[]> {
    const socket = createSocket({ type: "udp4", reuseAddr: true });
    const found = new Map<Ipv4Address, ForeignServer>();
    const question = this.#discover();
    try {
      await bindUdp(socket, { address: "0.0.0.0", port: CLIENT_PORT, what: "the search for other DHCP servers" });
      socket.on("message", (payload) => {
        const offer = readOffer(payload, question.xid);
        if (offer === undefined || ours.includes(offer.server)) return;
        found.set(offer.server, { network: network.name, ...offer });
      });
      this.#send(network, encodeDhcp4(question), 67, "255.255.255.255");
      await sleep(ANSWER_MILLISECONDS);
    } finally {
      await closeUdp(socket);
    }
    return [...found.values()];
  }

  #discover(): Dhcp4Message {
    const chaddr = new Uint8Array(16);
    chaddr.set(macToBytes(this.mac));
    return {
      op: "request",
      hardwareType: 1,
      hardwareLength: 6,
      hops: 0,
      xid: randomBytes(4).readUInt32BE(),
      secs: 0,
      broadcast: true, // we have no address that an answer could be sent to
      reservedFlags: 0,
      ciaddr: ZERO_IPV4,
      yiaddr: ZERO_IPV4,
      siaddr: ZERO_IPV4,
      giaddr: ZERO_IPV4,
      chaddr,
      sname: new Uint8Array(64),
      file: new Uint8Array(128),
      options: [messageTypeOption("discover")],
    };
  }
}

function readOffer(payload: Uint8Array, xid: number): Omit<ForeignServer, "network"> | undefined {
  try {
    const message = decodeDhcp4(payload);
    const server = readIpv4Option(message, OPTION.serverId);
    if (message.xid !== xid || messageType(message) !== "offer" || server === undefined) return undefined;
    return { server, offered: message.yiaddr };
  } catch (error) {
    if (error instanceof DecodeError) return undefined;
    throw error;
  }
}
