import { readdirSync, realpathSync, statSync } from "node:fs";
import { join, sep } from "node:path";

/** A file on disk: where it is, and what tells that it has changed. */
export interface DiskFile {
  readonly path: string;
  readonly size: number;
  readonly mtimeMs: number;
  /** Another one means other content. */
  readonly stamp: string;
}

export type NoDiskFile = "not-found" | "outside-root";

export interface BootFilesOptions {
  /** Windows asks for names in any case: the first that differs in case only is taken where there is no exact one. */
  readonly ignoreCase?: boolean;
}

/** The files under one directory, and none outside it: neither by `..` nor by a symbolic link. */
export class BootFiles {
  readonly #root: string;
  readonly #ignoreCase: boolean;

  /** @throws Error when the directory does not exist */
  constructor(root: string, { ignoreCase = false }: BootFilesOptions = {}) {
    this.#root = realpathSync(root);
    this.#ignoreCase = ignoreCase;
  }

  /** @param name below the root, as `tftpPath` makes it */
  locate(name: string): DiskFile | { readonly reason: NoDiskFile } {
    const path = this.#resolve(name);
    if (path === undefined) return { reason: "not-found" };
    if (!path.startsWith(this.#root + sep)) return { reason: "outside-root" };
    const stat = statSync(path, { throwIfNoEntry: false });
    if (stat?.isFile() !== true) return { reason: "not-found" };
    const { ino, mtimeMs, size } = stat;
    return { path, size, mtimeMs, stamp: `${ino}:${mtimeMs}:${size}` };
  }

  #resolve(name: string): string | undefined {
    const exact = resolveLinks(join(this.#root, name));
    if (exact !== undefined || !this.#ignoreCase) return exact;
    let path = this.#root;
    for (const segment of name.split("/")) {
      const entry = namesIn(path).find((candidate) => candidate.toLowerCase() === segment.toLowerCase());
      if (entry === undefined) return undefined;
      path = join(path, entry);
    }
    return resolveLinks(path);
  }
}

/** Sorted, so that the same one of several names is taken each time. */
function namesIn(directory: string): readonly string[] {
  return (ifThere(() => readdirSync(directory)) ?? []).toSorted();
}

function resolveLinks(path: string): string | undefined {
  return ifThere(() => realpathSync(path));
}

function ifThere<T>(look: () => T): T | undefined {
  try {
    return look();
  } catch (error) {
    const code = error instanceof Error && "code" in error ? error.code : undefined;
    if (code === "ENOENT" || code === "ENOTDIR" || code === "ELOOP" || code === "ENAMETOOLONG") return undefined;
    throw error;
  }
}
