import { type FSWatcher, watch } from "node:fs";
import { join } from "node:path";

/** How soon a directory that has vanished is looked for again. */
const RETRY_MILLISECONDS = 1000;

export interface DirectoryWatchParts {
  readonly directory: string;
  /** Folders in it whose files matter; they need not be there yet. */
  readonly folders: readonly string[];
  /** Called for each thing that happens: many times for one save. */
  readonly onChange: () => void;
}

/**
 * Tells of changes in a directory and in folders of it, until it is closed.
 *
 * Each folder is watched by itself. Node's own recursive watch follows the files on Linux, and hears nothing more of
 * one that has been replaced by a rename, which is how editors and git write.
 */
export class DirectoryWatch {
  readonly #parts: DirectoryWatchParts;
  #watchers: FSWatcher[] = [];
  #retry: NodeJS.Timeout | undefined;

  constructor(parts: DirectoryWatchParts) {
    this.#parts = parts;
    this.#watchAll();
  }

  close(): void {
    clearTimeout(this.#retry);
    for (const watcher of this.#watchers) watcher.close();
    this.#watchers = [];
  }

  /** Anew after each change of the directory itself: a folder may be another one now, or the first of its name. */
  #watchAll(): void {
    const { directory, folders, onChange } = this.#parts;
    this.close();
    const again = () => {
      this.#watchAll();
      onChange();
    };
    if (!this.#watch(directory, again)) {
      this.#retry = setTimeout(again, RETRY_MILLISECONDS);
      return;
    }
    for (const folder of folders) this.#watch(join(directory, folder), onChange);
  }

  /** Whether it is there. */
  #watch(path: string, onChange: () => void): boolean {
    try {
      const watcher = watch(path, onChange);
      watcher.on("error", onChange);
      this.#watchers.push(watcher);
      return true;
    } catch (error) {
      const code = error instanceof Error && "code" in error ? error.code : undefined;
      if (code === "ENOENT" || code === "ENOTDIR") return false;
      throw error;
    }
  }
}
