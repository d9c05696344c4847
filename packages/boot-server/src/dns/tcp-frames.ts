/** Puts messages together out of a stream: each has its length before it, in two bytes (RFC 1035 section 4.2.2). */
export class TcpFrames {
  readonly #mostBytes: number;
  #pending: Buffer = Buffer.alloc(0);

  /** @param mostBytes of one message */
  constructor(mostBytes: number) {
    this.#mostBytes = mostBytes;
  }

  /** @returns the messages that are whole now; `undefined` when the next one would be too long */
  push(chunk: Buffer): readonly Uint8Array[] | undefined {
    this.#pending = this.#pending.length === 0 ? chunk : Buffer.concat([this.#pending, chunk]);
    const messages: Uint8Array[] = [];
    while (this.#pending.length >= 2) {
      const length = this.#pending.readUInt16BE(0);
      if (length > this.#mostBytes) return undefined;
      if (this.#pending.length < 2 + length) break;
      messages.push(new Uint8Array(this.#pending.subarray(2, 2 + length)));
      this.#pending = this.#pending.subarray(2 + length);
    }
    return messages;
  }
}

export function tcpFrame(message: Uint8Array): Buffer {
  const frame = Buffer.alloc(2 + message.length);
  frame.writeUInt16BE(message.length, 0);
  frame.set(message, 2);
  return frame;
}
