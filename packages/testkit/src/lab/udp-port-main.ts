/**
 * Runs inside a network namespace and holds the UDP sockets of a test that runs outside: a process is in one
 * namespace, and the test worker cannot be moved. Started by udp-ports.ts; talks NDJSON, see udp-port-protocol.ts.
 */
import { createSocket, type Socket } from "node:dgram";
import { readLines } from "./lines.ts";
import type { UdpCommand, UdpNotice } from "./udp-port-protocol.ts";

const sockets = new Map<number, Socket>();
let unsent = 0;
let whenSent: (() => void)[] = [];

function say(notice: UdpNotice): void {
  process.stdout.write(`${JSON.stringify(notice)}\n`);
}

function open({ socket: id, address, port }: Extract<UdpCommand, { op: "open" }>): void {
  const socket = createSocket({ type: "udp4", reuseAddr: true });
  sockets.set(id, socket);
  socket.on("error", (error) => say({ kind: "failed", socket: id, error: error.message }));
  socket.on("message", (datagram, from) =>
    say({ kind: "received", socket: id, address: from.address, port: from.port, hex: datagram.toString("hex") }),
  );
  socket.bind({ address, port }, () => {
    socket.setBroadcast(true);
    // As much as the kernel gives: what is lost here would look like the server's loss.
    socket.setRecvBufferSize(4 * 1024 * 1024);
    say({ kind: "opened", socket: id, port: socket.address().port });
  });
}

function send({ socket: id, address, port, hex }: Extract<UdpCommand, { op: "send" }>): void {
  unsent += 1;
  sockets.get(id)?.send(Buffer.from(hex, "hex"), port, address, (error) => {
    if (error !== null) say({ kind: "failed", socket: id, error: error.message });
    unsent -= 1;
    if (unsent > 0) return;
    for (const notify of whenSent) notify();
    whenSent = [];
  });
}

function flush({ socket, id }: Extract<UdpCommand, { op: "flush" }>): void {
  const notify = () => say({ kind: "flushed", socket, id });
  if (unsent === 0) notify();
  else whenSent.push(notify);
}

readLines(process.stdin, (line) => {
  const command = JSON.parse(line) as UdpCommand;
  switch (command.op) {
    case "open":
      open(command);
      break;
    case "send":
      send(command);
      break;
    case "flush":
      flush(command);
  }
});
process.stdin.on("end", () => process.exit(0));
