import { createSocket, type Socket } from "node:dgram";
import { bindUdp, closeUdp } from "../net/bind-udp.ts";
import { literally } from "../net/literal-lookup.ts";

/**
 * The sockets that the service manager hands over, bound to a network's device each. A descriptor can be taken over
 * once only, and is gone once it is closed: so these live as long as the service, whatever networks come and go.
 */
export class PassedDhcpSockets implements AsyncDisposable {
  readonly #descriptors: ReadonlyMap<string, number>;
  readonly #sockets = new Map<string, Socket>();

  /** @param descriptors by the name of the network */
  constructor(descriptors: ReadonlyMap<string, number>) {
    this.#descriptors = descriptors;
  }

  /** @throws BindError when the descriptor is not that of a UDP socket */
  async get(network: string): Promise<Socket | undefined> {
    const known = this.#sockets.get(network);
    const descriptor = this.#descriptors.get(network);
    if (known !== undefined || descriptor === undefined) return known;
    const socket = createSocket({ type: "udp4", lookup: literally });
    try {
      await bindUdp(socket, { fd: descriptor, what: `DHCP on ${network}` });
    } catch (error) {
      await closeUdp(socket);
      throw error;
    }
    this.#sockets.set(network, socket);
    return socket;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all([...this.#sockets.values()].map(closeUdp));
    this.#sockets.clear();
  }
}
