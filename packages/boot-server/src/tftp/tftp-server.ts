import { createSocket, type RemoteInfo, type Socket } from "node:dgram";
import {
  DEFAULT_TFTP_LIMITS,
  DecodeError,
  decodeTftp,
  encodeTftp,
  negotiate,
  TFTP_ERROR,
  type TftpLimits,
  type TftpRrq,
  toNetascii,
} from "@railhead/wire";
import type { EventLog } from "../log/events.ts";
import { bindUdp } from "../net/bind-udp.ts";
import { canBeAnswered } from "../net/can-be-answered.ts";
import type { BootFiles, NoBootFile } from "./boot-files.ts";
import { TftpTransfer } from "./tftp-transfer.ts";

export interface TftpServerParts {
  /** The server's own address; transfers leave from it too. */
  readonly address: string;
  readonly port: number;
  readonly files: BootFiles;
  readonly log: EventLog;
}

/** So that a flood of requests costs neither all memory nor all descriptors. */
const MOST_TRANSFERS = 512;

/** The first tries follow each other quickly, see `RoundTrip`: ten of them make half a minute of patience. */
const LIMITS: TftpLimits = { ...DEFAULT_TFTP_LIMITS, maxTries: 10 };

const REFUSALS: Readonly<Record<NoBootFile, { readonly code: number; readonly message: string }>> = {
  "not-found": { code: TFTP_ERROR.notFound, message: "file not found" },
  "outside-root": { code: TFTP_ERROR.accessViolation, message: "not a file of this server" },
  "too-large": { code: TFTP_ERROR.accessViolation, message: "file too large for TFTP" },
};

/** A read-only TFTP server (RFC 1350) on one address. */
export class TftpServer {
  readonly #parts: TftpServerParts;
  readonly #socket: Socket = createSocket("udp4");
  /** By client address and port: a request that is repeated must not start a second sender. */
  readonly #transfers = new Map<string, TftpTransfer>();

  constructor(parts: TftpServerParts) {
    this.#parts = parts;
  }

  /** @throws BindError when the port cannot be had */
  async listen(): Promise<void> {
    const { address, port, log } = this.#parts;
    await bindUdp(this.#socket, { address, port, what: "TFTP" });
    this.#socket.on("error", (error) => log({ event: "tftp.failed", from: address, error: error.message }));
    this.#socket.on("message", (datagram, from) => void this.#handle(datagram, from));
  }

  async close(): Promise<void> {
    await Promise.all([...this.#transfers.values()].map((transfer) => transfer.close()));
    await new Promise<void>((resolve) => {
      this.#socket.close(() => resolve());
    });
  }

  /** Handles one datagram of the request port. Never rejects. */
  async #handle(datagram: Uint8Array, from: RemoteInfo): Promise<void> {
    const { log } = this.#parts;
    const sender = `${from.address}:${from.port}`;
    if (!canBeAnswered(from)) {
      log({ event: "tftp.malformed", reason: "sent from port 0, which cannot be answered", from: sender });
      return;
    }
    try {
      const packet = decodeTftp(datagram);
      if (packet.kind === "wrq")
        this.#refuse(from, packet.fileName, TFTP_ERROR.accessViolation, "this server is read-only");
      // Anything else is not for this port: a late ACK, say. An answer could start an argument (RFC 1350 section 4).
      if (packet.kind === "rrq" && !this.#transfers.has(sender)) await this.#serve(packet, from);
    } catch (error) {
      if (error instanceof DecodeError) log({ event: "tftp.malformed", reason: error.message, from: sender });
      else log({ event: "tftp.failed", from: sender, error: error instanceof Error ? error.message : String(error) });
    }
  }

  async #serve(request: TftpRrq, from: RemoteInfo): Promise<void> {
    const { address, files, log } = this.#parts;
    if (this.#transfers.size >= MOST_TRANSFERS) {
      this.#refuse(from, request.fileName, TFTP_ERROR.undefined, "too many transfers, ask again");
      return;
    }
    const found = await files.find(request.fileName);
    if ("reason" in found) {
      const { code, message } = REFUSALS[found.reason];
      this.#refuse(from, request.fileName, code, message);
      return;
    }
    const content = request.mode === "netascii" ? toNetascii(found.content) : found.content;
    const terms = negotiate(withoutEmptySize(request, content.length), { size: content.length }, LIMITS);
    if (terms.kind === "refused") {
      this.#refuse(from, request.fileName, terms.code, terms.message);
      return;
    }
    const key = `${from.address}:${from.port}`;
    if (this.#transfers.has(key)) return; // repeated while the file was read
    const transfer = new TftpTransfer({ address, client: from, file: found.name, content, terms: terms.terms, log });
    this.#transfers.set(key, transfer);
    try {
      await transfer.run();
    } finally {
      this.#transfers.delete(key);
    }
  }

  #refuse(to: RemoteInfo, file: string, code: number, message: string): void {
    this.#parts.log({ event: "tftp.refused", file: printable(file), to: to.address, reason: message });
    this.#socket.send(encodeTftp({ kind: "error", code, message }), to.port, to.address);
  }
}

/** curl calls a transfer size of 0 invalid and gives up, so an empty file is sent without naming its size. */
function withoutEmptySize(request: TftpRrq, size: number): TftpRrq {
  return size > 0 ? request : { ...request, options: request.options.filter(({ name }) => name !== "tsize") };
}

/** A file name as it may stand in a log: firmware sends anything. */
function printable(name: string): string {
  return name.slice(0, 200).replaceAll(/[^\x20-\x7e]/g, "?");
}
