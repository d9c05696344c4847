import { type Dhcp4Message, decodeDhcp4, encodeDhcp4, messageType } from "@railhead/wire";
import type { UdpPort, UdpPorts } from "./udp-ports.ts";

/** Any number of DHCP clients on one socket: their MACs are in the messages, and all replies are broadcast. */
export interface DhcpClient {
  /** Sends a message of a client, by broadcast. */
  send(message: Dhcp4Message | Uint8Array): void;
  /** Sends a message and returns the reply to it, known by its xid; `undefined` when none comes in time. */
  exchange(message: Dhcp4Message | Uint8Array, timeoutMs?: number): Promise<Dhcp4Message | undefined>;
  readonly port: UdpPort;
}

const SERVER_PORT = 67;
const CLIENT_PORT = 68;

/** Opens the clients' port. The interface needs a default route, or an address, for broadcasts to leave. */
export async function openDhcpClient(udp: UdpPorts): Promise<DhcpClient> {
  const port = await udp.open(CLIENT_PORT);
  const waiting = new Map<number, (reply: Dhcp4Message) => void>();
  port.onDatagram(({ bytes }) => {
    const reply = decodeDhcp4(bytes);
    waiting.get(reply.xid)?.(reply);
  });
  const send = (message: Dhcp4Message | Uint8Array) =>
    port.send(message instanceof Uint8Array ? message : encodeDhcp4(message), SERVER_PORT, "255.255.255.255");
  return {
    port,
    send,
    exchange: (message, timeoutMs = 5000) =>
      new Promise((resolve) => {
        const { xid } = message instanceof Uint8Array ? decodeDhcp4(message) : message;
        const settle = (reply: Dhcp4Message | undefined) => {
          clearTimeout(timer);
          waiting.delete(xid);
          resolve(reply);
        };
        const timer = setTimeout(() => settle(undefined), timeoutMs);
        waiting.set(xid, settle);
        send(message);
      }),
  };
}

/** "ack", "nak" ... or "no reply", for tables. */
export function replyKind(reply: Dhcp4Message | undefined): string {
  return reply === undefined ? "no reply" : (messageType(reply) ?? "no message type");
}
