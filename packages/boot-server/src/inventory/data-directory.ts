import type { EventLog } from "../log/events.ts";
import { DirectoryWatch } from "./directory-watch.ts";
import { InventoryError, readSnapshot } from "./read-snapshot.ts";
import { DATA_FOLDERS, type Snapshot } from "./snapshot.ts";

/** Editors write in several steps; a change is read when the directory has been quiet this long. */
const QUIET_MILLISECONDS = 50;

export interface DataDirectoryParts {
  readonly path: string;
  readonly log: EventLog;
  readonly verify: Verify;
}

/** What cannot be served of a snapshot that can be read. */
export interface Verdict {
  /** What the former snapshot served, and this one cannot: reason enough to refuse it. */
  readonly broken: readonly string[];
  /** All that this snapshot cannot serve. */
  readonly failing: readonly string[];
}

/** Looks at what a snapshot serves; `former` is what is served now. */
export type Verify = (fresh: Snapshot, former: Snapshot | undefined) => Verdict;

/** What there is to say of the data directory; all lists are empty when it is as it should be. */
export interface DataProblems {
  /** Why the directory as it stands now is not being served. */
  readonly refused: readonly string[];
  /** Names of what is not there. */
  readonly dangling: readonly string[];
  /** What has no effect. */
  readonly suspicious: readonly string[];
  /** What cannot be made for declared machines, and never could since the server started. */
  readonly failing: readonly string[];
}

/**
 * The data directory, followed as it changes. A broken edit never replaces the last good snapshot: it is reported,
 * here and in the log, until it is mended. Broken is what cannot be read, and what takes a folder, a finished config
 * or the config of a declared machine away from those who have it. What never worked stops no edit: it is reported,
 * and answered with an error.
 */
export class DataDirectory {
  readonly #parts: DataDirectoryParts;
  #current: Snapshot;
  #failing: readonly string[];
  #refused: readonly string[] = [];
  #watch: DirectoryWatch | undefined;
  #timer: NodeJS.Timeout | undefined;
  readonly #listeners: ((snapshot: Snapshot) => void)[] = [];

  /** @throws InventoryError when there is no good state to begin with */
  constructor(parts: DataDirectoryParts) {
    this.#parts = parts;
    this.#current = readSnapshot(parts.path);
    this.#failing = parts.verify(this.#current, undefined).failing;
    this.#announce();
  }

  /** The last good state. */
  get current(): Snapshot {
    return this.#current;
  }

  /** Why the directory as it stands now is not being served; empty when it is. */
  get refused(): readonly string[] {
    return this.#refused;
  }

  get problems(): DataProblems {
    const { dangling, suspicious } = this.#current;
    return { refused: this.#refused, dangling, suspicious, failing: this.#failing };
  }

  onChange(listener: (snapshot: Snapshot) => void): void {
    this.#listeners.push(listener);
  }

  /** Follows changes on disk until `close`. */
  follow(): void {
    const onChange = () => {
      clearTimeout(this.#timer);
      this.#timer = setTimeout(() => this.reload(), QUIET_MILLISECONDS);
    };
    this.#watch = new DirectoryWatch({ directory: this.#parts.path, folders: DATA_FOLDERS, onChange });
  }

  /** Reads the directory now; keeps the last good state when it is broken. */
  reload(): void {
    const { log, path, verify } = this.#parts;
    try {
      const fresh = readSnapshot(path);
      const { broken, failing } = verify(fresh, this.#current);
      const problems = [...vanishedFolders(fresh, this.#current), ...broken];
      if (problems.length > 0) throw new InventoryError(problems);
      this.#current = fresh;
      this.#failing = failing;
      this.#refused = [];
      this.#announce();
      for (const listener of this.#listeners) listener(this.#current);
    } catch (error) {
      this.#refused =
        error instanceof InventoryError ? error.problems : [error instanceof Error ? error.message : String(error)];
      log({ event: "inventory.refused", problems: this.#refused });
    }
  }

  close(): void {
    clearTimeout(this.#timer);
    this.#watch?.close();
  }

  #announce(): void {
    const { inventory, dangling, suspicious } = this.#current;
    this.#parts.log({
      event: "inventory.loaded",
      machines: inventory.machines.length,
      groups: inventory.groups.length,
      profiles: inventory.profiles.size,
      problems: [...dangling, ...suspicious, ...this.#failing],
    });
  }
}

/** A folder that is gone is a mount that failed, or a checkout half done; at first start it is as good as empty. */
function vanishedFolders(fresh: Snapshot, former: Snapshot): readonly string[] {
  return DATA_FOLDERS.filter((folder) => former.folders.has(folder) && !fresh.folders.has(folder)).map(
    (folder) => `${folder}/: the folder was there and is gone; to remove what was in it, leave it empty`,
  );
}
