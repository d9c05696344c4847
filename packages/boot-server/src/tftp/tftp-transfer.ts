import type { RemoteInfo } from "node:dgram";
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
import { RoundTrip } from "./round-trip.ts";
import type { TransferPort, TransferPorts } from "./transfer-ports.ts";
import type { Sleeper, WakeUp } from "./wake-up.ts";

export interface TftpTransferParts {
  readonly ports: TransferPorts;
  readonly wakeUp: WakeUp;
  readonly client: RemoteInfo;
  readonly file: string;
  readonly content: Uint8Array;
  readonly terms: TftpTerms;
  readonly maxMs: number;
  readonly log: EventLog;
}

const TOO_SLOW = encodeTftp({ kind: "error", code: TFTP_ERROR.undefined, message: "the transfer takes too long" });

/** One transfer: its port and its time around the state machine. */
export class TftpTransfer implements Sleeper {
  readonly #parts: TftpTransferParts;
  readonly #ended = Promise.withResolvers<void>();
  readonly #startedAt = performance.now();
  readonly #roundTrip = new RoundTrip();
  readonly #port: TransferPort;
  #sentAt = 0;
  #state: TransferState;
  #resendAt = Number.POSITIVE_INFINITY;
  #over = false;

  constructor(parts: TftpTransferParts) {
    this.#parts = parts;
    this.#state = newTransfer(parts.terms, parts.content);
    this.#port = parts.ports.claim(parts.client, (datagram) => this.#receive(datagram));
  }

  get wakeAt(): number {
    return Math.min(this.#resendAt, this.#startedAt + this.#parts.maxMs);
  }

  /** Sends the file. Resolves when the transfer is over, however it ended. */
  async run(): Promise<void> {
    this.#parts.wakeUp.add(this);
    this.#step({ kind: "start" });
    return this.#ended.promise;
  }

  /** Gives the transfer up, when the server stops. */
  close(): void {
    this.#end("server is stopping");
  }

  wake(now: number): void {
    if (now < this.#startedAt + this.#parts.maxMs) {
      this.#step({ kind: "timeout" });
      return;
    }
    this.#port.send(TOO_SLOW);
    this.#end("took too long");
  }

  #receive(datagram: Uint8Array): void {
    try {
      this.#step({ kind: "packet", packet: decodeTftp(datagram) });
    } catch (error) {
      if (!(error instanceof DecodeError)) throw error;
      const { client, log } = this.#parts;
      log({ event: "tftp.malformed", reason: error.message, from: `${client.address}:${client.port}` });
    }
  }

  #step(input: TransferInput): void {
    const before = this.#state;
    const step = stepTransfer(before, input);
    this.#state = step.state;
    const now = performance.now();
    if (isAnswer(before, step.state) && wasSentOnce(before)) this.#roundTrip.observe(now - this.#sentAt);
    if (step.send.length > 0) this.#sentAt = now;
    for (const datagram of step.send) {
      if (step.state.tries > 1) this.#port.sendAgain(datagram);
      else this.#port.send(datagram);
    }
    if (step.outcome !== undefined) this.#end(step.outcome);
    else if (step.timerMs !== undefined) {
      this.#resendAt = now + this.#roundTrip.waitMs(step.timerMs, step.state.tries);
    }
  }

  #end(outcome: TransferOutcome | string): void {
    if (this.#over) return;
    this.#over = true;
    const { client, content, file, log, wakeUp } = this.#parts;
    wakeUp.remove(this);
    this.#port.release();
    const to = client.address;
    if (typeof outcome === "string") log({ event: "tftp.aborted", file, to, reason: outcome });
    else if (outcome.kind === "complete") {
      const milliseconds = Math.round(performance.now() - this.#startedAt);
      log({ event: "tftp.sent", file, to, bytes: content.length, milliseconds });
    } else if (outcome.kind === "aborted" && outcome.afterOack) {
      // EDK2 asks for the size first and breaks off; that is how it should be (rule R14).
      log({ event: "tftp.probed", file, to });
    } else log({ event: "tftp.aborted", file, to, reason: describe(outcome, this.#port.sendError) });
    this.#ended.resolve();
  }
}

function isAnswer(before: TransferState, after: TransferState): boolean {
  return after.acknowledged > before.acknowledged || (before.phase === "oack-sent" && after.phase === "sending");
}

/** Of what is outstanding: nothing has been sent a second time. */
function wasSentOnce({ tries, resentUpTo, acknowledged }: TransferState): boolean {
  return tries === 1 && resentUpTo <= acknowledged;
}

function describe(outcome: Exclude<TransferOutcome, { kind: "complete" }>, sendError: string | undefined): string {
  switch (outcome.kind) {
    case "timed-out":
      return sendError === undefined ? "the client is gone" : `the client cannot be reached: ${sendError}`;
    case "refused":
      return outcome.message;
    case "aborted":
      return `client: ${outcome.code} ${outcome.message}`;
  }
}
