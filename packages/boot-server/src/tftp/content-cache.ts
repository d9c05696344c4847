import { readFile } from "node:fs/promises";
import { toNetascii } from "@railhead/wire";
import type { DiskFile } from "./boot-files.ts";

/** A file's content for as long as it is used; call `release` once. */
export interface ContentLease {
  readonly content: Uint8Array;
  release(): void;
}

/** `busy`: what is being sent fills the memory; ask again. */
export type NoContent = "too-large" | "busy";

interface Entry {
  readonly stamp: string;
  readonly content: Promise<Uint8Array>;
  bytes: number;
  users: number;
  /** Another content of the same file has taken its place, or it could not be read. */
  replaced: boolean;
}

/**
 * The content of boot files, each read once and shared by all transfers of it, until it changes on disk. All together
 * never take more memory than the limit: what has not been used for longest goes first, and what is in use stays.
 */
export class ContentCache {
  readonly #limitBytes: number;
  /** What was used last stands last. */
  readonly #entries = new Map<string, Entry>();
  #bytes = 0;

  constructor(limitBytes: number) {
    this.#limitBytes = limitBytes;
  }

  /** Of everything held, used or not. */
  get bytes(): number {
    return this.#bytes;
  }

  /** @throws Error when the file cannot be read */
  async take(file: DiskFile, mode: "octet" | "netascii"): Promise<ContentLease | { readonly reason: NoContent }> {
    const key = `${mode}:${file.path}`;
    const found = this.#entries.get(key);
    if (found?.stamp === file.stamp) return this.#use(key, found);
    if (found !== undefined) this.#drop(key, found);
    // Text grows by its line ends; nobody knows by how much before it is read.
    const mostBytes = mode === "netascii" ? 2 * file.size : file.size;
    if (mostBytes > this.#limitBytes) return { reason: "too-large" };
    if (!this.#makeRoom(mostBytes)) return { reason: "busy" };
    const entry: Entry = {
      stamp: file.stamp,
      content: readFile(file.path).then((bytes) => (mode === "netascii" ? toNetascii(bytes) : bytes)),
      bytes: mostBytes,
      users: 0,
      replaced: false,
    };
    this.#bytes += mostBytes;
    return this.#use(key, entry);
  }

  async #use(key: string, entry: Entry): Promise<ContentLease> {
    this.#entries.delete(key);
    this.#entries.set(key, entry);
    entry.users += 1;
    try {
      const content = await entry.content;
      if (!entry.replaced) {
        this.#bytes += content.length - entry.bytes;
        entry.bytes = content.length;
      }
      return { content, release: () => this.#release(entry) };
    } catch (error) {
      if (this.#entries.get(key) === entry) this.#drop(key, entry);
      this.#release(entry);
      throw error;
    }
  }

  #release(entry: Entry): void {
    entry.users -= 1;
    if (entry.replaced && entry.users === 0) this.#bytes -= entry.bytes;
  }

  #drop(key: string, entry: Entry): void {
    this.#entries.delete(key);
    entry.replaced = true;
    if (entry.users === 0) this.#bytes -= entry.bytes;
  }

  #makeRoom(bytes: number): boolean {
    for (const [key, entry] of this.#entries) {
      if (this.#bytes + bytes <= this.#limitBytes) break;
      if (entry.users === 0) this.#drop(key, entry);
    }
    return this.#bytes + bytes <= this.#limitBytes;
  }
}
