import { createSocket, type RemoteInfo, type Socket } from "node:dgram";
import {
  DecodeError,
  decodeTftp,
  encodeTftp,
  newTransfer,
  stepTransfer,
  TFTP_ERROR,
  type TftpTerms,
  type TransferInput,
  type TransferOutcome,
  type TransferState,
} from "@railhead/wire";
import type { EventLog } from "../log/events.ts";
import { bindUdp } from "../net/bind-udp.ts";
import { canBeAnswered } from "../net/can-be-answered.ts";
import { RoundTrip } from "./round-trip.ts";

export interface TftpTransferParts {
  readonly address: string;
  readonly client: RemoteInfo;
  readonly file: string;
  readonly content: Uint8Array;
  readonly terms: TftpTerms;
  readonly log: EventLog;
}

/** One transfer: the socket and the timer around the state machine. Its port is the transfer's id (RFC 1350 section 4). */
export class TftpTransfer {
  readonly #parts: TftpTransferParts;
  readonly #socket: Socket = createSocket("udp4");
  readonly #ended = Promise.withResolvers<void>();
  readonly #startedAt = performance.now();
  readonly #roundTrip = new RoundTrip();
  #sentAt = 0;
  #state: TransferState;
  #timer: NodeJS.Timeout | undefined;
  #sendError: string | undefined;
  #over = false;

  constructor(parts: TftpTransferParts) {
    this.#parts = parts;
    this.#state = newTransfer(parts.terms, parts.content);
  }

  /** Sends the file. Resolves when the transfer is over, however it ended. */
  async run(): Promise<void> {
    await bindUdp(this.#socket, { address: this.#parts.address, port: 0, what: "TFTP" });
    this.#socket.on("error", (error) => this.#end(`socket: ${error.message}`));
    this.#socket.on("message", (datagram, from) => this.#receive(datagram, from));
    this.#step({ kind: "start" });
    return this.#ended.promise;
  }

  /** Gives the transfer up, when the server stops. */
  async close(): Promise<void> {
    this.#end("server is stopping");
    return this.#ended.promise;
  }

  #receive(datagram: Uint8Array, from: RemoteInfo): void {
    const { client } = this.#parts;
    if (from.address !== client.address || from.port !== client.port) {
      // Somebody else's packet is answered, and the transfer goes on undisturbed (RFC 1350 section 4).
      this.#send(encodeTftp({ kind: "error", code: TFTP_ERROR.unknownTransfer, message: "unknown transfer id" }), from);
      return;
    }
    try {
      this.#step({ kind: "packet", packet: decodeTftp(datagram) });
    } catch (error) {
      if (!(error instanceof DecodeError)) throw error;
      this.#parts.log({ event: "tftp.malformed", reason: error.message, from: `${from.address}:${from.port}` });
    }
  }

  #step(input: TransferInput): void {
    const { client } = this.#parts;
    const before = this.#state;
    const step = stepTransfer(before, input);
    this.#state = step.state;
    const now = performance.now();
    if (isAnswer(before, step.state) && wasSentOnce(before)) this.#roundTrip.observe(now - this.#sentAt);
    if (step.send.length > 0) this.#sentAt = now;
    for (const datagram of step.send) this.#send(datagram, client);
    if (step.outcome !== undefined) {
      this.#end(step.outcome);
      return;
    }
    if (step.timerMs === undefined) return;
    clearTimeout(this.#timer);
    const waitMs = this.#roundTrip.waitMs(step.timerMs, step.state.tries);
    this.#timer = setTimeout(() => this.#step({ kind: "timeout" }), waitMs);
  }

  /** What cannot be sent is as good as lost on the way: the timer sends it again, or ends the transfer and says why. */
  #send(datagram: Uint8Array, to: RemoteInfo): void {
    if (!canBeAnswered(to)) return;
    this.#socket.send(datagram, to.port, to.address, (error) => {
      if (error !== null && to === this.#parts.client) this.#sendError = error.message;
    });
  }

  #end(outcome: TransferOutcome | string): void {
    if (this.#over) return;
    this.#over = true;
    clearTimeout(this.#timer);
    const { client, content, file, log } = this.#parts;
    const to = client.address;
    if (typeof outcome === "object" && outcome.kind === "complete") {
      const milliseconds = Math.round(performance.now() - this.#startedAt);
      log({ event: "tftp.sent", file, to, bytes: content.length, milliseconds });
    } else {
      log({ event: "tftp.aborted", file, to, reason: describe(outcome, this.#sendError) });
    }
    this.#socket.close(() => this.#ended.resolve());
  }
}

function isAnswer(before: TransferState, after: TransferState): boolean {
  return after.acknowledged > before.acknowledged || (before.phase === "oack-sent" && after.phase === "sending");
}

/** Of what is outstanding: nothing has been sent a second time. */
function wasSentOnce({ tries, resentUpTo, acknowledged }: TransferState): boolean {
  return tries === 1 && resentUpTo <= acknowledged;
}

function describe(
  outcome: Exclude<TransferOutcome, { kind: "complete" }> | string,
  sendError: string | undefined,
): string {
  if (typeof outcome === "string") return outcome;
  switch (outcome.kind) {
    case "timed-out":
      return sendError === undefined ? "the client is gone" : `the client cannot be reached: ${sendError}`;
    case "refused":
      return outcome.message;
    case "aborted":
      // EDK2 asks for the size first and breaks off; that is how it should be (rule R14).
      return outcome.afterOack ? "size asked for" : `client: ${outcome.code} ${outcome.message}`;
  }
}
