import type { Socket } from "node:net";
import { TcpFrames, tcpFrame } from "./tcp-frames.ts";

/** Answers one message; `undefined`: the client gets nothing. Never rejects. */
export type AnswerMessage = (message: Uint8Array) => Promise<Uint8Array | undefined>;

/** A question is short; what is longer is no question. */
const MOST_MESSAGE_BYTES = 4096;
/** Without a whole question or an answer for so long, the place is given to somebody else (RFC 7766 section 6.2.3). */
const IDLE_MILLISECONDS = 10_000;
/** Answered at the same time, in whatever order (RFC 7766 section 6.2.1.1). */
const MOST_AT_ONCE = 16;
const MOST_UNREAD_BYTES = 256 * 1024;

/** Serves one client until it has gone, is idle or breaks the rules. */
export function serveTcpConnection(socket: Socket, answer: AnswerMessage): void {
  const frames = new TcpFrames(MOST_MESSAGE_BYTES);
  /** No more than came in one piece: while some wait, nothing more is read. */
  const waiting: Uint8Array[] = [];
  let underWay = 0;
  let ended = false;
  const timer = setTimeout(() => socket.destroy(), IDLE_MILLISECONDS);
  const answerOne = async (message: Uint8Array) => {
    underWay += 1;
    const reply = await answer(message);
    underWay -= 1;
    if (socket.destroyed) return;
    timer.refresh();
    if (reply !== undefined) socket.write(tcpFrame(reply));
    // Who asks and asks and never reads would fill our memory.
    if (socket.writableLength > MOST_UNREAD_BYTES) socket.destroy();
    else goOn();
  };
  const goOn = () => {
    for (const message of waiting.splice(0, MOST_AT_ONCE - underWay)) void answerOne(message);
    if (waiting.length > 0) socket.pause();
    else socket.resume();
    if (ended && underWay === 0) socket.end();
  };
  socket.on("data", (chunk) => {
    const messages = frames.push(chunk);
    if (messages === undefined) {
      socket.destroy();
      return;
    }
    if (messages.length > 0) timer.refresh();
    waiting.push(...messages);
    goOn();
  });
  socket.on("end", () => {
    ended = true;
    goOn();
  });
  // The client is gone; "close" follows.
  socket.on("error", () => undefined);
  socket.on("close", () => clearTimeout(timer));
}
