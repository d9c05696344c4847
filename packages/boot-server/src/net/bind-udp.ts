import type { Socket } from "node:dgram";
import { BindError } from "./bind-error.ts";

/**
 * Binds a socket.
 *
 * @throws BindError that says who is in the way and what to do
 */
export function bindUdp(
  socket: Socket,
  { address, port, what }: { readonly address: string; readonly port: number; readonly what: string },
): Promise<void> {
  return new Promise((resolve, reject) => {
    const fail = (cause: Error) => {
      reject(new BindError(what, `${address}:${port}/udp`, cause));
    };
    socket.once("error", fail);
    socket.bind({ address, port, exclusive: true }, () => {
      socket.off("error", fail);
      resolve();
    });
  });
}
