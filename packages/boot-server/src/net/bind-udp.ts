import type { Socket } from "node:dgram";
import { BindError } from "./bind-error.ts";

/** An address to bind to, or a socket that somebody else has bound. `what` is for the person who reads the error. */
export type UdpPlace =
  | { readonly address: string; readonly port: number; readonly what: string }
  | { readonly fd: number; readonly what: string };

/**
 * Binds a socket.
 *
 * @throws BindError that says who is in the way and what to do
 */
export function bindUdp(socket: Socket, place: UdpPlace): Promise<void> {
  return new Promise((resolve, reject) => {
    const fail = (cause: Error) => {
      const where = "fd" in place ? `the socket passed as ${place.fd}` : `${place.address}:${place.port}/udp`;
      reject(new BindError(place.what, where, cause));
    };
    socket.once("error", fail);
    const done = () => {
      socket.off("error", fail);
      resolve();
    };
    if ("fd" in place) socket.bind({ fd: place.fd, exclusive: true }, done);
    else socket.bind({ address: place.address, port: place.port, exclusive: true }, done);
  });
}

/** Closes a socket, also one that could not be bound. */
export function closeUdp(socket: Socket): Promise<void> {
  return new Promise((resolve) => {
    socket.close(() => resolve());
  });
}
