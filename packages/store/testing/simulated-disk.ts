import { basename, dirname } from "node:path";
import type { FileSystem, OpenFile } from "../src/file/file-system.ts";

type Change =
  | { readonly kind: "write"; readonly offset: number; readonly bytes: Buffer }
  | { readonly kind: "truncate"; readonly bytes: number };

interface Inode {
  /** What a reader sees. */
  cached: Buffer;
  /** What a power cut leaves. */
  durable: Buffer;
  /** What the next flush makes durable. */
  dirty: Change[];
}

type Names = Map<string, Inode>;

export type DiskOperation =
  | "makeDirectory"
  | "list"
  | "read"
  | "open"
  | "write"
  | "datasync"
  | "truncate"
  | "close"
  | "rename"
  | "remove"
  | "syncDirectory";

/** Gives the failure planned for the call, if any; throws when the power was cut since. */
type Enter = (operation: DiskOperation) => Error | undefined;

/** Gives a whole number from 0 up to and including its argument. */
export type Choose = (most: number) => number;

/**
 * A disk in memory, for tests of what a store makes of a bad one: it forgets at a power cut what was not
 * flushed, or keeps a part of it; it fails on demand; and after a failed flush it does as Linux does, and takes
 * the lost pages for clean.
 */
export class SimulatedDisk {
  /** How often each operation was called, failed calls included. */
  readonly calls = new Map<DiskOperation, number>();
  #names: Names = new Map();
  #durableNames: Names = new Map();
  #nameChanges: { readonly directory: string; readonly apply: (names: Names) => void }[] = [];
  #failures: { readonly operation: DiskOperation; readonly code: string }[] = [];
  #boot = 0;

  /** The next call of the operation fails with the code; a write leaves half of its bytes behind. */
  failNext(operation: DiskOperation, code: string): void {
    this.#failures.push({ operation, code });
  }

  /** Forgets failures that did not happen yet. */
  heal(): void {
    this.#failures = [];
  }

  /** Puts a file there, durable. */
  place(path: string, content: Uint8Array): void {
    const inode = { cached: Buffer.from(content), durable: Buffer.from(content), dirty: [] };
    this.#names.set(path, inode);
    this.#durableNames.set(path, inode);
  }

  read(path: string): Buffer | undefined {
    const inode = this.#names.get(path);
    return inode === undefined ? undefined : Buffer.from(inode.cached);
  }

  paths(): readonly string[] {
    return [...this.#names.keys()];
  }

  /** Ends whoever has the disk open, as kill -9 does; what was written but not flushed is still to be read. */
  killProcess(): void {
    this.#boot += 1;
    this.#failures = [];
  }

  /**
   * Cuts the power: of what was not flushed, the first few changes last, as many as `choose` says, and of the
   * one after them a part. Whoever had the disk open finds it dead.
   */
  cutPower(choose: Choose): void {
    this.killProcess();
    const lasting = this.#nameChanges.slice(0, choose(this.#nameChanges.length));
    for (const { apply } of lasting) {
      apply(this.#durableNames);
    }
    this.#nameChanges = [];
    this.#names = new Map(this.#durableNames);
    for (const inode of new Set(this.#names.values())) {
      const whole = choose(inode.dirty.length);
      inode.durable = inode.dirty.slice(0, whole).reduce(applyChange, inode.durable);
      const next = inode.dirty[whole];
      if (next?.kind === "write") {
        const part = next.bytes.subarray(0, choose(next.bytes.byteLength));
        inode.durable = applyChange(inode.durable, { ...next, bytes: part });
      }
      inode.dirty = [];
      inode.cached = inode.durable;
    }
  }

  /** The disk as the processes of this boot see it. */
  fileSystem(): FileSystem {
    const boot = this.#boot;
    const enter: Enter = (operation) => this.#enter(boot, operation);
    const perform = performing(enter);
    return {
      makeDirectory: () => perform("makeDirectory", () => undefined),
      list: (path) =>
        perform("list", () =>
          this.paths()
            .filter((name) => dirname(name) === path)
            .map((name) => basename(name)),
        ),
      read: (path) => perform("read", () => this.read(path)),
      open: (path, how) => perform("open", () => this.#openFile(path, how, enter)),
      rename: (from, to) =>
        perform("rename", () =>
          this.#changeNames(dirname(from), (names) => {
            const inode = names.get(from);
            if (inode !== undefined) {
              names.delete(from);
              names.set(to, inode);
            }
          }),
        ),
      remove: (path) => perform("remove", () => this.#changeNames(dirname(path), (names) => names.delete(path))),
      syncDirectory: (path) =>
        perform("syncDirectory", () => {
          for (const { apply } of this.#nameChanges.filter(({ directory }) => directory === path)) {
            apply(this.#durableNames);
          }
          this.#nameChanges = this.#nameChanges.filter(({ directory }) => directory !== path);
        }),
    };
  }

  #enter(boot: number, operation: DiskOperation): Error | undefined {
    if (boot !== this.#boot) {
      throw diskError("EIO");
    }
    this.calls.set(operation, (this.calls.get(operation) ?? 0) + 1);
    const failure = this.#failures.findIndex((planned) => planned.operation === operation);
    const [planned] = failure === -1 ? [] : this.#failures.splice(failure, 1);
    return planned === undefined ? undefined : diskError(planned.code);
  }

  #changeNames(directory: string, apply: (names: Names) => void): void {
    apply(this.#names);
    this.#nameChanges.push({ directory, apply });
  }

  #openFile(path: string, how: "new" | "replace", enter: Enter): OpenFile {
    const perform = performing(enter);
    const known = this.#names.get(path);
    if (how === "new" && known !== undefined) {
      throw diskError("EEXIST");
    }
    const inode = known ?? { cached: Buffer.alloc(0), durable: Buffer.alloc(0), dirty: [] };
    if (known === undefined) {
      this.#changeNames(dirname(path), (names) => names.set(path, inode));
    }
    const change = (change: Change) => {
      inode.cached = applyChange(inode.cached, change);
      inode.dirty.push(change);
    };
    if (how === "replace") {
      change({ kind: "truncate", bytes: 0 });
    }
    return {
      async write(bytes, offset) {
        const copy = Buffer.from(bytes);
        await Promise.resolve();
        const failure = enter("write");
        if (failure !== undefined) {
          change({ kind: "write", offset, bytes: copy.subarray(0, copy.byteLength / 2) });
          throw failure;
        }
        change({ kind: "write", offset, bytes: copy });
      },
      async datasync() {
        await Promise.resolve();
        const failure = enter("datasync");
        const flushed = inode.dirty;
        inode.dirty = [];
        if (failure !== undefined) {
          throw failure;
        }
        inode.durable = flushed.reduce(applyChange, inode.durable);
      },
      truncate: (bytes) => perform("truncate", () => change({ kind: "truncate", bytes })),
      close: () => perform("close", () => undefined),
    };
  }
}

/**
 * Counts and fails a call, then does its work: in one tick, so that it is done either before a power cut or
 * not at all.
 */
function performing(enter: Enter): <T>(operation: DiskOperation, work: () => T) => Promise<T> {
  return async (operation, work) => {
    await Promise.resolve();
    const failure = enter(operation);
    if (failure !== undefined) {
      throw failure;
    }
    return work();
  };
}

function applyChange(content: Buffer, change: Change): Buffer {
  if (change.kind === "truncate") {
    const cut = Buffer.alloc(change.bytes);
    content.copy(cut);
    return cut;
  }
  const written = Buffer.alloc(Math.max(content.byteLength, change.offset + change.bytes.byteLength));
  content.copy(written);
  change.bytes.copy(written, change.offset);
  return written;
}

function diskError(code: string): Error {
  return Object.assign(new Error(`${code}: simulated`), { code });
}
