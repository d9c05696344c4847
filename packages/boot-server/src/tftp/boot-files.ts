import { realpathSync, statSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { join, sep } from "node:path";
import { tftpPath } from "@railhead/wire";

/** A file as it is sent: its bytes, shared by all transfers of it. */
export interface BootFile {
  readonly name: string;
  readonly content: Uint8Array;
}

export type NoBootFile = "not-found" | "outside-root" | "too-large";

const LARGEST_FILE = 256 * 1024 * 1024;

/**
 * The files under one directory, and none outside it: neither by `..` nor by a symbolic link. Each is read once and
 * kept until it changes on disk; it is then read anew.
 */
export class BootFiles {
  readonly #root: string;
  readonly #cache = new Map<string, { readonly stamp: string; readonly content: Promise<Uint8Array> }>();

  /** @throws Error when the directory does not exist */
  constructor(root: string) {
    this.#root = realpathSync(root);
  }

  /** @param requested the name as the client sent it */
  async find(requested: string): Promise<BootFile | { readonly reason: NoBootFile }> {
    const name = tftpPath(requested);
    if (name === undefined) return { reason: "outside-root" };
    const path = resolveLinks(join(this.#root, name));
    if (path === undefined) return { reason: "not-found" };
    if (!path.startsWith(this.#root + sep)) return { reason: "outside-root" };
    const stat = statSync(path, { throwIfNoEntry: false });
    if (stat?.isFile() !== true) return { reason: "not-found" };
    if (stat.size > LARGEST_FILE) return { reason: "too-large" };
    return { name, content: await this.#read(path, `${stat.ino}:${stat.mtimeMs}:${stat.size}`) };
  }

  async #read(path: string, stamp: string): Promise<Uint8Array> {
    const cached = this.#cache.get(path);
    if (cached?.stamp === stamp) return cached.content;
    const content = readFile(path);
    this.#cache.set(path, { stamp, content });
    try {
      return await content;
    } catch (error) {
      this.#cache.delete(path);
      throw error;
    }
  }
}

function resolveLinks(path: string): string | undefined {
  try {
    return realpathSync(path);
  } catch (error) {
    const code = error instanceof Error && "code" in error ? error.code : undefined;
    if (code === "ENOENT" || code === "ENOTDIR" || code === "ELOOP" || code === "ENAMETOOLONG") return undefined;
    throw error;
  }
}
