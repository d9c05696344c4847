import type { EventLog } from "../log/events.ts";
import { DirectoryWatch } from "./directory-watch.ts";
import { DATA_FOLDERS, InventoryError, readSnapshot } from "./read-snapshot.ts";
import type { Snapshot } from "./snapshot.ts";

/** Editors write in several steps; a change is read when the directory has been quiet this long. */
const QUIET_MILLISECONDS = 50;

/**
 * The data directory, followed as it changes. A broken edit never replaces the last good snapshot: it is reported,
 * here and in the log, until it is mended.
 */
export class DataDirectory {
  readonly #path: string;
  readonly #log: EventLog;
  #current: Snapshot;
  #refused: readonly string[] = [];
  #watch: DirectoryWatch | undefined;
  #timer: NodeJS.Timeout | undefined;
  readonly #listeners: ((snapshot: Snapshot) => void)[] = [];

  /** @throws InventoryError when there is no good state to begin with */
  constructor(path: string, log: EventLog) {
    this.#path = path;
    this.#log = log;
    this.#current = readSnapshot(path);
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

  onChange(listener: (snapshot: Snapshot) => void): void {
    this.#listeners.push(listener);
  }

  /** Follows changes on disk until `close`. */
  follow(): void {
    const onChange = () => {
      clearTimeout(this.#timer);
      this.#timer = setTimeout(() => this.reload(), QUIET_MILLISECONDS);
    };
    this.#watch = new DirectoryWatch({ directory: this.#path, folders: DATA_FOLDERS, onChange });
  }

  /** Reads the directory now; keeps the last good state when it is broken. */
  reload(): void {
    try {
      this.#current = readSnapshot(this.#path);
      this.#refused = [];
      this.#announce();
      for (const listener of this.#listeners) listener(this.#current);
    } catch (error) {
      this.#refused =
        error instanceof InventoryError ? error.problems : [error instanceof Error ? error.message : String(error)];
      this.#log({ event: "inventory.refused", problems: this.#refused });
    }
  }

  close(): void {
    clearTimeout(this.#timer);
    this.#watch?.close();
  }

  #announce(): void {
    const { inventory, problems } = this.#current;
    this.#log({
      event: "inventory.loaded",
      machines: inventory.machines.length,
      groups: inventory.groups.length,
      profiles: inventory.profiles.size,
      problems,
    });
  }
}
