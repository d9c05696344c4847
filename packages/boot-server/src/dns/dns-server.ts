import { createSocket, type RemoteInfo, type Socket as UdpSocket } from "node:dgram";
import { createServer, type Server, type Socket } from "node:net";
import { type Ipv4Address, parseIpv4 } from "@railhead/wire";
import type { EventLog } from "../log/events.ts";
import { BindError } from "../net/bind-error.ts";
import { bindUdp, closeUdp } from "../net/bind-udp.ts";
import { canBeAnswered } from "../net/can-be-answered.ts";
import type { DnsService } from "./dns-service.ts";
import { serveTcpConnection } from "./tcp-connection.ts";

export interface DnsServerParts {
  readonly address: Ipv4Address;
  readonly port: number;
  readonly service: Pick<DnsService, "answer">;
  readonly log: EventLog;
}

const MOST_CONNECTIONS = 128;
/** Questions that wait for other servers; more are dropped, and asked again by those who still want to know. */
const MOST_WAITING = 4096;

/** The sockets of the DNS service on one address: UDP and TCP. Answers leave from where the question came to. */
export class DnsServer {
  readonly #parts: DnsServerParts;
  readonly #udp: UdpSocket = createSocket("udp4");
  readonly #tcp: Server;
  readonly #connections = new Set<Socket>();
  #waiting = 0;
  #closed = false;

  constructor(parts: DnsServerParts) {
    this.#parts = parts;
    this.#tcp = createServer({ allowHalfOpen: true, noDelay: true }, (socket) => this.#onConnection(socket));
    this.#tcp.maxConnections = MOST_CONNECTIONS;
  }

  /** @throws BindError when the address or the port cannot be had; then it must still be closed */
  async listen(): Promise<void> {
    const { address, port, log } = this.#parts;
    const onError = (error: Error) => log({ event: "dns.failed", from: address, error: error.message });
    await bindUdp(this.#udp, { address, port, what: "DNS" });
    this.#udp.on("error", onError);
    this.#udp.on("message", (datagram, from) => void this.#onDatagram(datagram, from));
    await new Promise<void>((resolve, reject) => {
      const fail = (cause: Error) => reject(new BindError("DNS", `${address}:${port}/tcp`, cause));
      this.#tcp.once("error", fail);
      this.#tcp.listen({ host: address, port }, () => {
        this.#tcp.off("error", fail);
        resolve();
      });
    });
    this.#tcp.on("error", onError);
  }

  async close(): Promise<void> {
    this.#closed = true;
    for (const connection of this.#connections) connection.destroy();
    await Promise.all([
      closeUdp(this.#udp),
      // It says so when it has never listened; then there is nothing to close.
      new Promise<void>((resolve) => void this.#tcp.close(() => resolve())),
    ]);
  }

  async #onDatagram(datagram: Uint8Array, from: RemoteInfo): Promise<void> {
    if (this.#waiting >= MOST_WAITING || !canBeAnswered(from)) return;
    this.#waiting += 1;
    const client = { address: parseIpv4(from.address), transport: "udp" } as const;
    const reply = await this.#parts.service.answer(datagram, client);
    this.#waiting -= 1;
    // A reply that has nowhere to go is the client's loss: it asks again.
    if (reply !== undefined && !this.#closed) this.#udp.send(reply, from.port, from.address, () => undefined);
  }

  #onConnection(socket: Socket): void {
    this.#connections.add(socket);
    socket.on("close", () => this.#connections.delete(socket));
    const { remoteAddress } = socket;
    if (remoteAddress === undefined) {
      socket.destroy(); // gone already
      return;
    }
    const client = { address: parseIpv4(remoteAddress), transport: "tcp" } as const;
    serveTcpConnection(socket, (message) => this.#parts.service.answer(message, client));
  }
}
