import { type FileHandle, open } from "node:fs/promises";
import type { ServerResponse } from "node:http";
import type { FastifyReply, FastifyRequest } from "fastify";
import { type FileAnswer, fileAnswer, type ServedFile } from "./file-answer.ts";

/**
 * How much of a file is read at once, with how many downloads: each reading costs a trip to another thread, so much for
 * few; each download holds two such chunks, so little for a crowd.
 */
const CHUNKS: readonly { readonly downloads: number; readonly bytes: number }[] = [
  { downloads: 4, bytes: 2 * 1024 * 1024 },
  { downloads: 32, bytes: 512 * 1024 },
];
const LEAST_CHUNK_BYTES = 64 * 1024;

/** Sends files over HTTP. Buffers go from one download to the next: new memory for each costs more than reading. */
export class FileSender {
  /** By their size; those for a crowd are not worth keeping. */
  readonly #spare = new Map<number, Buffer[]>(CHUNKS.map(({ bytes }) => [bytes, []]));
  #downloads = 0;

  /**
   * Answers a GET or HEAD with a file: whole, in part, or with the word that it has not changed.
   *
   * @throws Error with code ENOENT when the file is gone, and other system errors
   */
  async send(request: FastifyRequest, reply: FastifyReply, path: string, contentType: string): Promise<FastifyReply> {
    const file = await open(path);
    try {
      const stat = await file.stat();
      const answer = answerTo(request, stat);
      const response = begin(reply, answer, contentType);
      if (answer.start < answer.end) await this.#pump(file, answer, response);
      response.end();
    } catch (error) {
      if (!reply.sent) throw error;
      reply.raw.destroy(); // the length was promised; only a broken connection tells that it is not kept
    } finally {
      await file.close();
    }
    return reply;
  }

  /** While one buffer goes to the network the other is filled. */
  async #pump(file: FileHandle, { start, end }: FileAnswer, response: ServerResponse): Promise<void> {
    this.#downloads += 1;
    const size = CHUNKS.find(({ downloads }) => this.#downloads <= downloads)?.bytes ?? LEAST_CHUNK_BYTES;
    const buffers = [this.#take(size), this.#take(size)] as const;
    let sending = Promise.resolve();
    try {
      for (let position = start, turn = 0; position < end; turn += 1) {
        const buffer = buffers[turn % 2 === 0 ? 0 : 1];
        const { bytesRead } = await file.read(buffer, 0, Math.min(size, end - position), position);
        await sending;
        if (bytesRead === 0) throw new Error("the file has become shorter");
        sending = write(response, buffer.subarray(0, bytesRead));
        sending.catch(() => undefined); // it is awaited, but only after the next chunk has been read
        position += bytesRead;
      }
      await sending;
      // Only now: what a broken connection still holds must not be overwritten.
      this.#spare.get(size)?.push(...buffers);
    } finally {
      this.#downloads -= 1;
    }
  }

  #take(size: number): Buffer {
    return this.#spare.get(size)?.pop() ?? Buffer.allocUnsafeSlow(size);
  }
}

/** Answers with bytes that are in memory, by the same rules. */
export function sendBytes(
  request: FastifyRequest,
  reply: FastifyReply,
  content: Uint8Array,
  contentType: string,
): FastifyReply {
  const answer = answerTo(request, { size: content.length, mtimeMs: Date.now() });
  begin(reply, answer, contentType).end(content.subarray(answer.start, answer.end));
  return reply;
}

function answerTo({ headers, method }: FastifyRequest, file: ServedFile): FileAnswer {
  return fileAnswer(file, {
    method,
    range: headers.range,
    ifRange: headers["if-range"]?.toString(),
    ifNoneMatch: headers["if-none-match"],
    ifModifiedSince: headers["if-modified-since"],
  });
}

function begin(reply: FastifyReply, { status, headers }: FileAnswer, contentType: string): ServerResponse {
  reply.hijack();
  return reply.raw.writeHead(status, status === 304 ? headers : { "content-type": contentType, ...headers });
}

/** Resolves when the kernel has taken the chunk, so that its memory may be used again. */
function write(response: ServerResponse, chunk: Uint8Array): Promise<void> {
  return new Promise((resolve, reject) => {
    const onClose = () => reject(new Error("the client has gone"));
    if (response.destroyed) {
      onClose();
      return;
    }
    response.once("close", onClose);
    response.write(chunk, (error) => {
      response.off("close", onClose);
      if (error) reject(error);
      else resolve();
    });
  });
}
