import { createSocket, type RemoteInfo, type Socket } from "node:dgram";
import { encodeTftp, TFTP_ERROR } from "@railhead/wire";
import { bindUdp, closeUdp } from "../net/bind-udp.ts";
import { canBeAnswered } from "../net/can-be-answered.ts";
import { literally } from "../net/literal-lookup.ts";

/** One end of a transfer: the client and the port of ours that it talks to. */
export interface TransferPort {
  /** What cannot be sent is as good as lost on the way. */
  send(datagram: Uint8Array): void;
  /** The same for what is sent again, which may be because it cannot be sent at all: then `sendError` says why. */
  sendAgain(datagram: Uint8Array): void;
  readonly sendError: string | undefined;
  release(): void;
}

/**
 * So many ports that two transfers of one client one after another rarely share one, and so few that a busy server
 * finds many datagrams on each whenever it looks.
 */
const PORTS = 16;

const ERROR_OPCODE = 5;
const UNKNOWN_TRANSFER = encodeTftp({
  kind: "error",
  code: TFTP_ERROR.unknownTransfer,
  message: "unknown transfer id",
});

type Receiver = (datagram: Uint8Array) => void;
/** By the client's port, then its address: to make one key of both for each datagram takes longer than to look twice. */
type Receivers = Map<number, Map<string, Receiver>>;

/**
 * The ports that transfers leave from. A transfer's id is the pair of ports (RFC 1350 section 4), so transfers of
 * different clients may share one of ours. A socket for each would cost every small file its opening and closing, and
 * a crowd of clients one look at the kernel for each datagram.
 */
export class TransferPorts {
  readonly #sockets: readonly Socket[];
  readonly #receivers: readonly Receivers[];
  #last = 0;

  private constructor(sockets: readonly Socket[]) {
    this.#sockets = sockets;
    this.#receivers = sockets.map(() => new Map<number, Map<string, Receiver>>());
    for (const [index, socket] of sockets.entries()) {
      socket.on("message", (datagram, from) => this.#dispatch(index, datagram, from));
    }
  }

  /**
   * @param onError a socket failed
   * @throws BindError when a port cannot be had; none is left open then
   */
  static async open(address: string, onError: (error: Error) => void): Promise<TransferPorts> {
    await using opened = new AsyncDisposableStack();
    const sockets: Socket[] = [];
    for (let count = 0; count < PORTS; count += 1) {
      const socket = opened.adopt(createSocket({ type: "udp4", lookup: literally }), closeUdp);
      await bindUdp(socket, { address, port: 0, what: "TFTP" });
      socket.on("error", onError);
      sockets.push(socket);
    }
    opened.move();
    return new TransferPorts(sockets);
  }

  async close(): Promise<void> {
    await Promise.all(this.#sockets.map(closeUdp));
  }

  /** Gives a client a port for one transfer. */
  claim(client: RemoteInfo, receive: Receiver): TransferPort {
    this.#last = (this.#last + 1 + Math.floor(Math.random() * (PORTS - 1))) % PORTS;
    const socket = this.#sockets[this.#last];
    const receivers = this.#receivers[this.#last];
    if (socket === undefined || receivers === undefined) throw new RangeError("no such port");
    const { port, address } = client;
    const ofPort = receivers.get(port) ?? new Map<string, Receiver>();
    receivers.set(port, ofPort.set(address, receive));
    let sendError: string | undefined;
    const onSent = (error: Error | null) => {
      if (error !== null) sendError = error.message;
    };
    return {
      send: (datagram) => socket.send(datagram, port, address),
      sendAgain: (datagram) => socket.send(datagram, port, address, onSent),
      get sendError() {
        return sendError;
      },
      release: () => {
        ofPort.delete(address);
        if (ofPort.size === 0) receivers.delete(port);
      },
    };
  }

  #dispatch(index: number, datagram: Uint8Array, from: RemoteInfo): void {
    const receive = this.#receivers[index]?.get(from.port)?.get(from.address);
    if (receive !== undefined) {
      receive(datagram);
      return;
    }
    // Somebody else's packet is answered (RFC 1350 section 4), but never an ERROR: that could go on for ever.
    if (datagram[1] === ERROR_OPCODE || !canBeAnswered(from)) return;
    this.#sockets[index]?.send(UNKNOWN_TRANSFER, from.port, from.address, () => undefined);
  }
}
