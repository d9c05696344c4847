import { createSocket, type RemoteInfo, type Socket } from "node:dgram";
import type { DhcpNetwork } from "@railhead/provisioning";
import { bindUdp, closeUdp } from "../net/bind-udp.ts";
import { literally } from "../net/literal-lookup.ts";
import type { PassedDhcpSockets } from "./passed-dhcp-sockets.ts";

/** Where DHCP servers listen (RFC 2131 section 4.1) and where boot servers do (PXE 2.1 section 2.2). */
export type DhcpPort = 67 | 4011;

/**
 * Room for some 5,000 messages, so that those of a boot storm wait while the disk is slow. The kernel gives as much of it
 * as net.core.rmem_max allows; what it gives otherwise holds about 250.
 */
const RECEIVE_BUFFER_BYTES = 4 * 1024 * 1024;

export interface DhcpDatagram {
  readonly payload: Uint8Array;
  readonly from: RemoteInfo;
  /** Its name; `undefined` for a broadcast that any link may have brought. */
  readonly network: string | undefined;
  readonly port: DhcpPort;
}

export interface DhcpListener {
  readonly onDatagram: (datagram: DhcpDatagram) => void;
  readonly onError: (error: Error) => void;
}

/**
 * The sockets of the DHCP service.
 *
 * Node cannot tell which link a datagram came in on, nor send from an unbound socket to 255.255.255.255 where there
 * is no default route. So each network has a socket bound to the server's own address, which hears unicasts and sends
 * everything: its broadcasts leave by the right link. One socket for all hears the broadcasts of clients that have no
 * address yet. Where the service manager hands over a socket that is bound to a network's device, that one does both.
 */
export class DhcpEndpoints {
  readonly #sockets = new AsyncDisposableStack();
  readonly #senders = new Map<string, Socket>();
  readonly #listener: DhcpListener;

  private constructor(listener: DhcpListener) {
    this.#listener = listener;
  }

  /**
   * @param beside others of this process are still open: their ports are not in the way
   * @param passed sockets that are bound to a network's device; they outlive these endpoints
   * @throws BindError when one of the addresses cannot be had; then none is taken
   */
  static async open(
    networks: readonly DhcpNetwork[],
    passed: PassedDhcpSockets,
    listener: DhcpListener,
    { beside = false }: { readonly beside?: boolean } = {},
  ): Promise<DhcpEndpoints> {
    const endpoints = new DhcpEndpoints(listener);
    try {
      await endpoints.#openAll(networks, passed, beside);
    } catch (error) {
      await endpoints.close();
      throw error;
    }
    return endpoints;
  }

  send(
    from: { readonly network: DhcpNetwork; readonly port: DhcpPort },
    payload: Uint8Array,
    port: number,
    address: string,
  ): void {
    this.#senders.get(senderKey(from.network, from.port))?.send(payload, port, address, (error) => {
      if (error !== null) this.#listener.onError(error);
    });
  }

  close(): Promise<void> {
    return this.#sockets.disposeAsync();
  }

  async #openAll(networks: readonly DhcpNetwork[], passed: PassedDhcpSockets, beside: boolean): Promise<void> {
    const served = networks.filter(({ mode }) => mode !== "off");
    for (const network of served) {
      const socket = await passed.get(network.name);
      if (socket !== undefined) this.#senders.set(senderKey(network, 67), this.#hear(socket, network.name, 67));
    }
    // What comes through a relay to the address of a passed socket is heard there.
    const unbound = served.filter((network) => !this.#senders.has(senderKey(network, 67)));
    if (unbound.length > 0) {
      // Broadcast and own socket share a port, which needs SO_REUSEADDR; a second server would slip in by the same
      // door. So the port is first taken alone.
      if (!beside && unbound.length === served.length) {
        const probe = createSocket("udp4");
        await bindUdp(probe, { address: "0.0.0.0", port: 67, what: "DHCP" });
        await closeUdp(probe);
      }
      await this.#listen({ address: "0.0.0.0", network: undefined, port: 67 });
    }
    for (const network of served) {
      if (!this.#senders.has(senderKey(network, 67))) {
        // Unicasts come from clients that have an address, or through a relay: it is no sign of the link.
        const own = await this.#listen({ address: network.serverAddress, network: undefined, port: 67 });
        this.#senders.set(senderKey(network, 67), own);
      }
      if (network.mode === "proxy") {
        const bootServer = await this.#listen({ address: network.serverAddress, network: network.name, port: 4011 });
        this.#senders.set(senderKey(network, 4011), bootServer);
      }
    }
  }

  async #listen({
    address,
    network,
    port,
  }: { address: string } & Omit<DhcpDatagram, "payload" | "from">): Promise<Socket> {
    const socket = this.#own(createSocket({ type: "udp4", reuseAddr: true, lookup: literally }));
    await bindUdp(socket, { address, port, what: "DHCP" });
    return this.#hear(socket, network, port);
  }

  /** Hears a socket until these endpoints are closed; others may hear it too, and it stays open. */
  #hear(socket: Socket, network: string | undefined, port: DhcpPort): Socket {
    const { onDatagram, onError } = this.#listener;
    const onMessage = (payload: Uint8Array, from: RemoteInfo) => onDatagram({ payload, from, network, port });
    socket.setBroadcast(true);
    socket.setRecvBufferSize(RECEIVE_BUFFER_BYTES);
    socket.on("error", onError).on("message", onMessage);
    this.#sockets.defer(() => void socket.off("error", onError).off("message", onMessage));
    return socket;
  }

  #own(socket: Socket): Socket {
    return this.#sockets.adopt(socket, closeUdp);
  }
}

function senderKey({ serverAddress }: DhcpNetwork, port: DhcpPort): string {
  return `${serverAddress}:${port}`;
}
