import { fileURLToPath } from "node:url";
import { readLines } from "./lines.ts";
import { type Argv, startChild } from "./subprocess.ts";
import type { UdpCommand, UdpNotice } from "./udp-port-protocol.ts";

/** A datagram and who sent it. */
export interface Datagram {
  readonly address: string;
  readonly port: number;
  readonly bytes: Uint8Array;
}

/** A UDP socket inside a namespace. */
export interface UdpPort {
  readonly port: number;
  send(bytes: Uint8Array, port: number, address: string): void;
  /** Resolves when everything sent so far has been given to the kernel. */
  flush(): Promise<void>;
  /** Called for each datagram that comes in, until the function returned is called. */
  onDatagram(listener: (datagram: Datagram) => void): () => void;
  /** The next datagram that satisfies the predicate; `undefined` when none comes in time. */
  next(predicate: (datagram: Datagram) => boolean, timeoutMs?: number): Promise<Datagram | undefined>;
  /** Sends that failed, in the kernel's words. */
  readonly failures: readonly string[];
}

/** Opens UDP sockets inside a namespace, all held by one process there. */
export interface UdpPorts extends AsyncDisposable {
  open(port?: number, address?: string): Promise<UdpPort>;
}

const HELPER = fileURLToPath(new URL("./udp-port-main.ts", import.meta.url));

/** @param enter makes a command run inside the namespace */
export function startUdpPorts(enter: (argv: Argv) => Argv): UdpPorts {
  const child = startChild(enter([process.execPath, HELPER]));
  const listeners = new Set<(notice: UdpNotice) => void>();
  let stderr = "";
  child.stderr.setEncoding("utf8").on("data", (text: string) => (stderr += text));
  child.stdin.on("error", () => undefined);
  readLines(child.stdout, (line) => {
    const notice = JSON.parse(line) as UdpNotice;
    for (const listener of [...listeners]) listener(notice);
  });
  const closed = new Promise<void>((resolve) => {
    child.once("close", () => resolve());
  });
  const tell = (command: UdpCommand) => child.stdin.write(`${JSON.stringify(command)}\n`);
  const noticed: Noticed = (pick, command) =>
    new Promise((resolve, reject) => {
      const listener = (notice: UdpNotice) => {
        const picked = pick(notice);
        if (picked === undefined) return;
        listeners.delete(listener);
        if (picked instanceof Error) reject(picked);
        else resolve(picked);
      };
      listeners.add(listener);
      void closed.then(() => reject(new Error(`the process with the UDP sockets has ended: ${stderr}`)));
      tell(command);
    });
  let last = 0;
  return {
    async open(wanted = 0, address = "0.0.0.0") {
      last += 1;
      const socket = last;
      const failures: string[] = [];
      const taken = new Set<(datagram: Datagram) => void>();
      listeners.add((notice) => {
        if (!("socket" in notice) || notice.socket !== socket) return;
        if (notice.kind === "failed") failures.push(notice.error);
        if (notice.kind !== "received") return;
        const datagram = {
          address: notice.address,
          port: notice.port,
          bytes: new Uint8Array(Buffer.from(notice.hex, "hex")),
        };
        for (const listener of [...taken]) listener(datagram);
      });
      const opened = (notice: UdpNotice) => {
        if (!("socket" in notice) || notice.socket !== socket) return undefined;
        if (notice.kind === "failed") return new Error(notice.error);
        return notice.kind === "opened" ? notice.port : undefined;
      };
      const port = await noticed(opened, { op: "open", socket, address, port: wanted });
      return udpPort({ port, socket, failures, taken, tell, noticed });
    },
    async [Symbol.asyncDispose]() {
      child.kill("SIGKILL");
      await closed;
    },
  };
}

/** Says something to the process, and waits for the notice that answers it. */
type Noticed = (pick: (notice: UdpNotice) => number | Error | undefined, command: UdpCommand) => Promise<number>;

interface UdpPortParts {
  readonly port: number;
  readonly socket: number;
  readonly failures: readonly string[];
  readonly taken: Set<(datagram: Datagram) => void>;
  readonly tell: (command: UdpCommand) => void;
  readonly noticed: Noticed;
}

function udpPort({ port, socket, failures, taken, tell, noticed }: UdpPortParts): UdpPort {
  let flushes = 0;
  const onDatagram = (listener: (datagram: Datagram) => void) => {
    taken.add(listener);
    return () => void taken.delete(listener);
  };
  return {
    port,
    failures,
    onDatagram,
    send: (bytes, to, address) =>
      tell({ op: "send", socket, address, port: to, hex: Buffer.from(bytes).toString("hex") }),
    async flush() {
      flushes += 1;
      const id = flushes;
      const flushed = (notice: UdpNotice) =>
        notice.kind === "flushed" && notice.socket === socket && notice.id === id ? id : undefined;
      await noticed(flushed, { op: "flush", socket, id });
    },
    next: (predicate, timeoutMs = 5000) =>
      new Promise((resolve) => {
        const timer = setTimeout(() => settle(undefined), timeoutMs);
        const stop = onDatagram((datagram) => {
          if (predicate(datagram)) settle(datagram);
        });
        const settle = (datagram: Datagram | undefined) => {
          clearTimeout(timer);
          stop();
          resolve(datagram);
        };
      }),
  };
}
