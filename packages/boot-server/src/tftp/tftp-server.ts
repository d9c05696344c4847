import { createSocket, type RemoteInfo, type Socket } from "node:dgram";
import {
  DEFAULT_TFTP_LIMITS,
  DecodeError,
  decodeTftp,
  encodeTftp,
  negotiate,
  TFTP_ERROR,
  type TftpRrq,
  toNetascii,
} from "@railhead/wire";
import type { EventLog } from "../log/events.ts";
import { bindUdp, closeUdp } from "../net/bind-udp.ts";
import { canBeAnswered } from "../net/can-be-answered.ts";
import type { ContentCache, ContentLease, NoContent } from "./content-cache.ts";
import type { FileLibrary, FoundFile, NoFile } from "./file-library.ts";
import { TftpTransfer, type TftpTransferParts } from "./tftp-transfer.ts";
import { type AdmissionLimits, type NoAdmission, TransferAdmission } from "./transfer-admission.ts";
import { TransferPorts } from "./transfer-ports.ts";
import { WakeUp } from "./wake-up.ts";

export interface TftpServerLimits extends AdmissionLimits {
  readonly maxBlockSize: number;
  readonly maxWindowSize: number;
  readonly rolloverTo: 0 | 1;
  readonly maxTransferSeconds: number;
}

export interface TftpServerParts {
  /** The server's own address; transfers leave from it too. */
  readonly address: string;
  readonly port: number;
  readonly library: FileLibrary;
  readonly cache: ContentCache;
  readonly limits: TftpServerLimits;
  readonly log: EventLog;
}

/** The first tries follow each other quickly, see `RoundTrip`: ten of them make half a minute of patience. */
const MAX_TRIES = 10;

type Refused = NoAdmission | NoContent | NoFile["reason"];

const REFUSALS: Readonly<Record<Refused, { readonly code: number; readonly message: string }>> = {
  "not-found": { code: TFTP_ERROR.notFound, message: "file not found" },
  "not-made": { code: TFTP_ERROR.undefined, message: "the file cannot be made, see the server's log" },
  "outside-root": { code: TFTP_ERROR.accessViolation, message: "not a file of this server" },
  "too-large": { code: TFTP_ERROR.accessViolation, message: "file too large for TFTP" },
  "server-busy": { code: TFTP_ERROR.undefined, message: "busy: too many transfers" },
  "client-busy": { code: TFTP_ERROR.undefined, message: "busy: too many transfers of this client" },
  busy: { code: TFTP_ERROR.undefined, message: "busy: too many files at once" },
};

/** A read-only TFTP server (RFC 1350) on one address. */
export class TftpServer {
  readonly #parts: TftpServerParts;
  readonly #socket: Socket = createSocket("udp4");
  readonly #admission: TransferAdmission;
  readonly #wakeUp = new WakeUp();
  /** By client address and port: a request that is repeated must not start a second sender. */
  readonly #senders = new Set<string>();
  readonly #transfers = new Set<TftpTransfer>();
  #closing = false;
  #ports: TransferPorts | undefined;

  constructor(parts: TftpServerParts) {
    this.#parts = parts;
    this.#admission = new TransferAdmission(parts.limits);
  }

  /** @throws BindError when the port cannot be had */
  async listen(): Promise<void> {
    const { address, port, log } = this.#parts;
    const onError = (error: Error) => log({ event: "tftp.failed", from: address, error: error.message });
    await bindUdp(this.#socket, { address, port, what: "TFTP" });
    this.#socket.on("error", onError);
    try {
      const ports = await TransferPorts.open(address, onError);
      this.#ports = ports;
      this.#socket.on("message", (datagram, from) => void this.#handle(datagram, from, ports));
    } catch (error) {
      await closeUdp(this.#socket);
      throw error;
    }
  }

  async close(): Promise<void> {
    this.#closing = true;
    for (const transfer of this.#transfers) transfer.close();
    await Promise.all([closeUdp(this.#socket), this.#ports?.close()]);
  }

  /** Handles one datagram of the request port. Never rejects. */
  async #handle(datagram: Uint8Array, from: RemoteInfo, ports: TransferPorts): Promise<void> {
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
      if (packet.kind === "rrq" && !this.#senders.has(sender)) await this.#admit(packet, from, ports);
    } catch (error) {
      if (error instanceof DecodeError) log({ event: "tftp.malformed", reason: error.message, from: sender });
      else log({ event: "tftp.failed", from: sender, error: error instanceof Error ? error.message : String(error) });
    }
  }

  async #admit(request: TftpRrq, from: RemoteInfo, ports: TransferPorts): Promise<void> {
    const denied = this.#admission.enter(from.address);
    if (denied !== undefined) {
      this.#refuseFor(denied, request, from);
      return;
    }
    const sender = `${from.address}:${from.port}`;
    this.#senders.add(sender);
    try {
      await this.#serve(request, from, ports);
    } finally {
      this.#senders.delete(sender);
      this.#admission.leave(from.address);
    }
  }

  async #serve(request: TftpRrq, from: RemoteInfo, ports: TransferPorts): Promise<void> {
    const { address, library, limits, log } = this.#parts;
    const found = await library.find(request.fileName, { address: from.address, serverAddress: address });
    if ("reason" in found) {
      this.#refuseFor(found.reason, request, from, "message" in found ? found.message : undefined);
      return;
    }
    const lease = await this.#contentOf(found, request);
    if ("reason" in lease) {
      this.#refuseFor(lease.reason, request, from);
      return;
    }
    try {
      const { content } = lease;
      const asked = withoutEmptySize(request, content.length);
      const agreed = negotiate(
        asked,
        { size: content.length },
        { ...DEFAULT_TFTP_LIMITS, ...limits, maxTries: MAX_TRIES },
      );
      if (agreed.kind === "refused") {
        this.#refuse(from, request.fileName, agreed.code, agreed.message);
        return;
      }
      const { name: file } = found;
      const maxMs = 1000 * limits.maxTransferSeconds;
      await this.#run({ ports, wakeUp: this.#wakeUp, client: from, file, content, terms: agreed.terms, maxMs, log });
    } finally {
      lease.release();
    }
  }

  async #run(parts: TftpTransferParts): Promise<void> {
    if (this.#closing) return; // while the file was read
    const transfer = new TftpTransfer(parts);
    this.#transfers.add(transfer);
    try {
      await transfer.run();
    } finally {
      this.#transfers.delete(transfer);
    }
  }

  async #contentOf(found: FoundFile, { mode }: TftpRrq): Promise<ContentLease | { readonly reason: NoContent }> {
    const asText = mode === "netascii";
    if (found.kind === "disk") return this.#parts.cache.take(found.file, asText ? "netascii" : "octet");
    return { content: asText ? toNetascii(found.content) : found.content, release: () => undefined };
  }

  #refuseFor(reason: Refused, request: TftpRrq, to: RemoteInfo, detail?: string): void {
    const { code, message } = REFUSALS[reason];
    if (reason !== "not-found") {
      this.#refuse(to, request.fileName, code, message, detail);
      return;
    }
    this.#parts.log({ event: "tftp.missing", file: printable(request.fileName), to: to.address });
    this.#sendError(to, code, message);
  }

  #refuse(to: RemoteInfo, file: string, code: number, message: string, detail = message): void {
    this.#parts.log({ event: "tftp.refused", file: printable(file), to: to.address, reason: detail });
    this.#sendError(to, code, message);
  }

  #sendError(to: RemoteInfo, code: number, message: string): void {
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
