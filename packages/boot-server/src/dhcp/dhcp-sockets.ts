import { createSocket, type RemoteInfo, type Socket } from "node:dgram";
import { bindUdp } from "../net/bind-udp.ts";

export const DHCP_SERVER_PORT = 67;

/**
 * The two sockets of one network. Node cannot tell which link a datagram came in on, nor send from an unbound
 * socket to 255.255.255.255 where there is no default route. So one socket hears the broadcasts of clients that
 * have no address yet, and one bound to the server's own address hears unicasts and sends everything: its
 * broadcasts leave by the right link.
 */
export class DhcpSockets {
  readonly #broadcasts: Socket;
  readonly #own: Socket;

  private constructor(broadcasts: Socket, own: Socket) {
    this.#broadcasts = broadcasts;
    this.#own = own;
  }

  /** @throws BindError when one of the addresses cannot be had; then neither is taken */
  static async open(serverAddress: string): Promise<DhcpSockets> {
    // The two share a port, which needs SO_REUSEADDR; a second server would slip in by the same door. So the port
    // is first taken alone.
    const probe = createSocket("udp4");
    await bindUdp(probe, { address: "0.0.0.0", port: DHCP_SERVER_PORT, what: "DHCP" });
    await closed(probe);

    const broadcasts = createSocket({ type: "udp4", reuseAddr: true });
    const own = createSocket({ type: "udp4", reuseAddr: true });
    try {
      await bindUdp(broadcasts, { address: "0.0.0.0", port: DHCP_SERVER_PORT, what: "DHCP" });
      await bindUdp(own, { address: serverAddress, port: DHCP_SERVER_PORT, what: "DHCP" });
      own.setBroadcast(true);
    } catch (error) {
      await Promise.all([closed(broadcasts), closed(own)]);
      throw error;
    }
    return new DhcpSockets(broadcasts, own);
  }

  onDatagram(listener: (datagram: Uint8Array, from: RemoteInfo) => void): void {
    this.#broadcasts.on("message", listener);
    this.#own.on("message", listener);
  }

  onError(listener: (error: Error) => void): void {
    this.#broadcasts.on("error", listener);
    this.#own.on("error", listener);
  }

  send(payload: Uint8Array, port: number, address: string, onError: (error: Error) => void): void {
    this.#own.send(payload, port, address, (error) => {
      if (error !== null) onError(error);
    });
  }

  async close(): Promise<void> {
    await Promise.all([closed(this.#broadcasts), closed(this.#own)]);
  }
}

function closed(socket: Socket): Promise<void> {
  return new Promise((resolve) => {
    socket.close(() => resolve());
  });
}
