import { LAB_SERVER_ADDRESS, type Lab, runOrThrow, type UdpPort } from "@railhead/testkit";
import { decodeTftp, encodeTftp } from "@railhead/wire";

/** A read transfer that a test takes block by block. */
export interface TestTransfer {
  readonly port: UdpPort;
  /** The server's end: the transfer's id. */
  readonly serverPort: number;
  done(): boolean;
  /** Acknowledges the block it has and waits for the next. */
  step(): Promise<void>;
  content(): Buffer;
}

const BLOCK = 512;

/** Asks for a file, without options, and takes its first block. */
export async function openTransfer(lab: Lab, fileName: string): Promise<TestTransfer> {
  const port = await lab.udp.open();
  const blocks: Uint8Array[] = [];
  const take = async (send: () => void, from?: number): Promise<number> => {
    const wanted = (blocks.length + 1) % 0x10000;
    const answered = port.next(
      ({ bytes, port: source }) => (from === undefined || source === from) && blockOf(bytes)?.block === wanted,
    );
    send();
    const datagram = await answered;
    const packet = datagram && blockOf(datagram.bytes);
    if (datagram === undefined || packet === undefined) throw new Error(`block ${wanted} of ${fileName} never came`);
    blocks.push(packet.data);
    return datagram.port;
  };
  const request = encodeTftp({ kind: "rrq", fileName, mode: "octet", options: [] });
  const serverPort = await take(() => port.send(request, 69, LAB_SERVER_ADDRESS));
  const acknowledge = () =>
    port.send(encodeTftp({ kind: "ack", block: blocks.length % 0x10000 }), serverPort, LAB_SERVER_ADDRESS);
  const done = () => (blocks.at(-1)?.length ?? 0) < BLOCK;
  return {
    port,
    serverPort,
    done,
    content: () => Buffer.concat(blocks),
    async step() {
      await take(acknowledge, serverPort);
      if (done()) acknowledge();
    },
  };
}

/** The ports that transfers leave from, as the server's kernel knows them. */
export async function transferPorts(lab: Lab): Promise<readonly number[]> {
  const table = await runOrThrow(lab.network.inServer(["cat", "/proc/net/udp"]));
  return table
    .split("\n")
    .slice(1)
    .flatMap((line) => /^\s*\d+: [0-9A-F]{8}:([0-9A-F]{4}) /.exec(line)?.[1] ?? [])
    .map((hex) => Number.parseInt(hex, 16))
    .filter((port) => port !== 67 && port !== 69);
}

function blockOf(bytes: Uint8Array): { readonly block: number; readonly data: Uint8Array } | undefined {
  const packet = decodeTftp(bytes);
  return packet.kind === "data" ? packet : undefined;
}
