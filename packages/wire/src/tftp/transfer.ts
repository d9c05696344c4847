import type { TftpTerms } from "./negotiate.ts";
import { encodeTftp, TFTP_ERROR, type TftpPacket, writeData } from "./packet.ts";

/**
 * The server's side of one read transfer, as a value: who calls {@link stepTransfer} owns socket and timer.
 * Blocks are counted from 1 without rollover; on the wire they are 16 bits.
 */
export interface TransferState {
  readonly phase: "new" | "oack-sent" | "sending" | "ended";
  readonly terms: TftpTerms;
  readonly content: Uint8Array;
  /** The last block the client has acknowledged, 0 at first. */
  readonly acknowledged: number;
  /** The last block sent. */
  readonly sent: number;
  /** The last block that was sent again; ACKs up to it say nothing of loss, see {@link onAck}. -1 at first. */
  readonly resentUpTo: number;
  /** How often what is outstanding was sent. */
  readonly tries: number;
  readonly framed: FramedBlocks;
}

/** The DATA packets of some blocks, back to back: one piece of memory for many is cheaper than one for each. */
interface FramedBlocks {
  readonly first: number;
  readonly last: number;
  readonly bytes: Uint8Array;
}

/** So many bytes are framed at once, if the window is not larger. */
const FRAMED_BYTES = 24 * 1024;

export type TransferInput =
  | { readonly kind: "start" }
  | { readonly kind: "packet"; readonly packet: TftpPacket }
  | { readonly kind: "timeout" };

export type TransferOutcome =
  /** The client has acknowledged the last block. */
  | { readonly kind: "complete" }
  /** The client sent ERROR. After an OACK that is how EDK2 asks for a file's size only: normal (rule R14). */
  | { readonly kind: "aborted"; readonly code: number; readonly message: string; readonly afterOack: boolean }
  | { readonly kind: "timed-out" }
  /** The client sent what has no place in a read transfer; it was told so. */
  | { readonly kind: "refused"; readonly code: number; readonly message: string };

export interface TransferStep {
  readonly state: TransferState;
  /** Datagrams to send to the client, in order. */
  readonly send: readonly Uint8Array[];
  /** When set the transfer has ended: stop the timer. */
  readonly outcome?: TransferOutcome;
  /** (Re)start the timer with this delay; when absent leave it running. */
  readonly timerMs?: number;
}

/** A transfer of `content` on these terms. In netascii mode `content` is already converted. Feed it `start` first. */
export function newTransfer(terms: TftpTerms, content: Uint8Array): TransferState {
  const framed = { first: 0, last: -1, bytes: new Uint8Array(0) };
  return { phase: "new", terms, content, acknowledged: 0, sent: 0, resentUpTo: -1, tries: 0, framed };
}

/** What happens next: the new state, what to send, and when to wake up. Inputs after the end change nothing. */
export function stepTransfer(state: TransferState, input: TransferInput): TransferStep {
  if (state.phase === "ended") return { state, send: [] };
  switch (input.kind) {
    case "start":
      if (state.phase !== "new") return { state, send: [] };
      return state.terms.oack.length > 0 ? sendOack(state, 1) : sendOn(state);
    case "timeout":
      if (state.phase === "new") return { state, send: [] };
      if (state.tries >= state.terms.maxTries) return end(state, { kind: "timed-out" });
      if (state.phase === "oack-sent") return sendOack(state, state.tries + 1);
      return goBack(state, state.tries + 1);
    case "packet":
      return onPacket(state, input.packet);
  }
}

function onPacket(state: TransferState, packet: TftpPacket): TransferStep {
  switch (packet.kind) {
    case "ack":
      return onAck(state, packet.block);
    case "error": {
      const { code, message } = packet;
      return end(state, { kind: "aborted", code, message, afterOack: state.phase === "oack-sent" });
    }
    case "rrq":
      // The request again, on a server that uses one port for all: the timer answers it.
      return { state, send: [] };
    case "wrq":
    case "data":
    case "oack": {
      const refusal = { code: TFTP_ERROR.illegalOperation, message: `${packet.kind} has no place in a read transfer` };
      return end(state, { kind: "refused", ...refusal }, [encodeTftp({ kind: "error", ...refusal })]);
    }
  }
}

/**
 * An ACK that moves the window is answered once. With a window of one, the same ACK again means nothing at all:
 * answering it with DATA would double every packet for the rest of the transfer (the sorcerer's apprentice, RFC 1123
 * section 4.2.3.1, rule R15).
 *
 * In a larger window an ACK below the last block sent, a repeated one included, is how the client reports a gap
 * (RFC 7440 section 4): we go back to the block after it. That may be a mistake, as a packet that arrives twice looks
 * the same, and then the client answers each block it already has with another such ACK. So ACKs of blocks that were
 * sent again only move the window; one mistake costs one window. What is lost once more is left to the timer.
 */
function onAck(state: TransferState, block: number): TransferStep {
  if (state.phase === "new") return { state, send: [] };
  if (state.phase === "oack-sent") return block === 0 ? sendOn(state) : { state, send: [] };
  const advance = blocksSince(state.acknowledged, block, state.terms.rolloverTo);
  if (advance === undefined || advance > state.sent - state.acknowledged) return { state, send: [] };
  const acknowledged = state.acknowledged + advance;
  const reportsGap = acknowledged < state.sent && acknowledged > state.resentUpTo && state.terms.windowSize > 1;
  if (advance === 0) return reportsGap ? goBack(state, state.tries) : { state, send: [] };
  const moved = { ...state, acknowledged };
  if (acknowledged === lastBlock(state)) return end(moved, { kind: "complete" });
  return reportsGap ? goBack(moved, 1) : sendOn(moved);
}

/** How far the 16-bit number `block` is ahead of the block `from`; undefined when no block has that number. */
function blocksSince(from: number, block: number, rolloverTo: 0 | 1): number | undefined {
  const numbers = rolloverTo === 0 ? 0x10000 : 0xffff;
  if (rolloverTo === 1 && block === 0) return from === 0 ? 0 : undefined;
  return (block + numbers - (blockNumber(from, rolloverTo) % numbers)) % numbers;
}

function blockNumber(block: number, rolloverTo: 0 | 1): number {
  return rolloverTo === 0 || block === 0 ? block % 0x10000 : ((block - 1) % 0xffff) + 1;
}

/** The last block is the first that is not full: a file that is a multiple of the block size ends with an empty one. */
function lastBlock(state: TransferState): number {
  return Math.floor(state.content.length / state.terms.blockSize) + 1;
}

function sendOack(state: TransferState, tries: number): TransferStep {
  return {
    state: { ...state, phase: "oack-sent", tries },
    send: [encodeTftp({ kind: "oack", options: state.terms.oack })],
    timerMs: waitMs(state.terms, tries),
  };
}

/** Sends the blocks of the window that were not sent yet. */
function sendOn(state: TransferState): TransferStep {
  return sendFrom(state, state.sent + 1, 1);
}

/** Sends the whole window again. */
function goBack(state: TransferState, tries: number): TransferStep {
  const step = sendFrom(state, state.acknowledged + 1, tries);
  return { ...step, state: { ...step.state, resentUpTo: step.state.sent } };
}

function sendFrom(state: TransferState, first: number, tries: number): TransferStep {
  const last = Math.min(state.acknowledged + state.terms.windowSize, lastBlock(state));
  const framed = framesOf(state, first, last);
  const stride = 4 + state.terms.blockSize;
  const send: Uint8Array[] = [];
  for (let block = first; block <= last; block += 1) {
    const start = (block - framed.first) * stride;
    send.push(framed.bytes.subarray(start, start + stride));
  }
  return {
    state: { ...state, phase: "sending", sent: last, tries, framed },
    send,
    timerMs: waitMs(state.terms, tries),
  };
}

/** At least the blocks from `first` to `last`. */
function framesOf(state: TransferState, first: number, last: number): FramedBlocks {
  const { framed, content } = state;
  if (framed.first <= first && last <= framed.last) return framed;
  const { blockSize, rolloverTo } = state.terms;
  const ahead = Math.floor(FRAMED_BYTES / (4 + blockSize));
  const end = Math.min(Math.max(last, first + ahead - 1), lastBlock(state));
  const from = (first - 1) * blockSize;
  const to = Math.min(end * blockSize, content.length);
  const bytes = new Uint8Array(4 * (end - first + 1) + (to - from));
  for (let block = first; block <= end; block += 1) {
    const data = content.subarray((block - 1) * blockSize, block * blockSize);
    writeData(bytes, (block - first) * (4 + blockSize), blockNumber(block, rolloverTo), data);
  }
  return { first, last: end, bytes };
}

function waitMs(terms: TftpTerms, tries: number): number {
  return Math.min(terms.retransmitMs * 2 ** (tries - 1), terms.maxRetransmitMs);
}

function end(state: TransferState, outcome: TransferOutcome, send: readonly Uint8Array[] = []): TransferStep {
  return { state: { ...state, phase: "ended" }, send, outcome };
}
