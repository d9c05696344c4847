import { join } from "node:path";
import { setImmediate as nextTurn, setTimeout as sleep } from "node:timers/promises";
import { StoreError } from "../store-error.ts";
import type { FileSystem, OpenFile } from "./file-system.ts";
import type { LiveLines } from "./live-lines.ts";
import { isNoSpace, writeFailed } from "./write-failed.ts";
import { writeLive } from "./write-live.ts";

export interface CompactionLimits {
  /** The journal is rewritten when it is more than this many times as long as the lines that still hold. */
  readonly factor: number;
  /** A journal shorter than this is left alone. */
  readonly minimumBytes: number;
}

export interface JournalSetup {
  readonly fileSystem: FileSystem;
  readonly directory: string;
  readonly live: LiveLines;
  readonly compaction: CompactionLimits;
  /** Runs before the first rewrite: saves what the rewrite would lose. */
  readonly beforeRewrite: () => Promise<void>;
  readonly onRewriteFailed: (cause: unknown) => void;
}

interface Waiting {
  readonly line: string;
  readonly apply: () => void;
  readonly resolve: () => void;
  readonly reject: (error: StoreError) => void;
}

export const JOURNAL_FILE = "journal";
const REWRITE_FILE = "journal.rewrite";
const COMPACT_FILE = "journal.compact";
/** What is left over of runs that were killed. */
export const TEMPORARY_FILES = [REWRITE_FILE, COMPACT_FILE];

const FLUSH_SPACING_MS = 2;
const ACKNOWLEDGED_TOGETHER = 32;

/** While a compaction is behind by more lines than this, it catches up without holding up puts. */
const CATCH_UP_LINES = 200;
const CATCH_UP_ROUNDS = 5;

/**
 * The one writer of the journal. Work on the current file goes one turn at a time. What is appended while a
 * turn runs goes out together in the next: one write, one fdatasync, however many wait. With nothing under
 * way a turn begins at once, so a lone record waits for nobody.
 *
 * A file is trusted only while every fdatasync on it succeeded: after a failed one Linux may call the lost
 * pages clean, and the next fdatasync would succeed without them. Then nothing is acknowledged until the
 * journal has been written afresh from memory, which holds exactly what was acknowledged. For the same reason
 * a journal is never continued that another process wrote: what is read of it may not have reached the disk.
 */
export class Journal {
  readonly #setup: JournalSetup;
  #file: OpenFile | undefined;
  /** Where the next line goes; everything before it is durable. */
  #bytes = 0;
  #trusted = false;
  #saved = false;
  #turn: Promise<unknown> = Promise.resolve();
  #waiting: Waiting[] = [];
  #acknowledged: Promise<void> = Promise.resolve();
  /** In the time of `performance.now`. */
  #nextFlushAt = 0;
  #closed = false;
  #compaction: Promise<void> | undefined;
  #compactAbove: number;
  /** The lines kept since the compaction under way began. */
  #since: string[] | undefined;

  constructor(setup: JournalSetup) {
    this.#setup = setup;
    this.#compactAbove = setup.compaction.minimumBytes;
  }

  /** Writes the journal afresh from what is live. */
  async rewrite(): Promise<void> {
    await this.#inTurn(() => this.#rewrite());
  }

  /**
   * Resolves when the line is durable and `apply` has run. Lines are kept in the order of the calls.
   * @throws StoreError store-write-failed, store-closed
   */
  append(line: string, apply: () => void): Promise<void> {
    if (this.#closed) {
      return Promise.reject(new StoreError("store-closed", "the store is closed"));
    }
    return new Promise((resolve, reject) => {
      this.#waiting.push({ line, apply, resolve, reject });
      if (this.#waiting.length === 1) {
        void this.#inTurn(() => this.#flush());
      }
    });
  }

  /** Lets everything that was appended come to its end, then closes the file. */
  async close(): Promise<void> {
    this.#closed = true;
    await this.#inTurn(async () => undefined);
    await this.#acknowledged;
    await this.#compaction;
    await this.#inTurn(async () => {
      await this.#file?.close();
      this.#file = undefined;
    });
  }

  #inTurn<T>(work: () => Promise<T>): Promise<T> {
    const done = this.#turn.then(work);
    this.#turn = done.catch(() => undefined);
    return done;
  }

  async #flush(): Promise<void> {
    await this.#pace();
    const batch = this.#waiting;
    this.#waiting = [];
    try {
      await this.#write(Buffer.from(batch.map(({ line }) => line).join("")));
    } catch (cause) {
      const error = writeFailed(this.#setup.directory, cause);
      for (const { reject } of batch) {
        reject(error);
      }
      return;
    }
    for (const { line, apply } of batch) {
      apply();
      this.#since?.push(line);
    }
    this.#acknowledged = this.#acknowledged.then(() => acknowledge(batch));
    this.#compactWhenDue();
  }

  /**
   * While records come faster than one at a time, flushes begin at least 2 ms apart: on a disk that is quick, each would
   * carry two or three lines, and to flush costs as much processor time as to serve a client.
   */
  async #pace(): Promise<void> {
    const rest = this.#nextFlushAt - performance.now();
    if (rest > 0) await sleep(rest);
    this.#nextFlushAt = this.#waiting.length > 1 ? performance.now() + FLUSH_SPACING_MS : 0;
  }

  async #write(bytes: Buffer): Promise<void> {
    const file = this.#file === undefined || !this.#trusted ? await this.#rewrite() : this.#file;
    try {
      await file.write(bytes, this.#bytes);
    } catch (cause) {
      await this.#undo(file, isNoSpace(cause));
      throw cause;
    }
    try {
      await file.datasync();
    } catch (cause) {
      await this.#undo(file, false);
      throw cause;
    }
    this.#bytes += bytes.byteLength;
  }

  /**
   * Takes back a write that failed, so that what was refused is not there after a restart either. Where a full
   * disk refused the bytes, cutting them off is enough and needs no space; after anything else the file is
   * given up.
   */
  async #undo(file: OpenFile, trusted: boolean): Promise<void> {
    try {
      await file.truncate(this.#bytes);
      await file.datasync();
      this.#trusted = trusted;
    } catch {
      this.#trusted = false;
    }
    if (!this.#trusted) {
      // The write has failed and is reported; that this fails too is no news. The next put tries again.
      await this.#rewrite().catch(() => undefined);
    }
  }

  async #rewrite(): Promise<OpenFile> {
    if (!this.#saved) {
      await this.#setup.beforeRewrite();
      this.#saved = true;
    }
    return this.#fresh(REWRITE_FILE, async (file) => {
      const bytes = await writeLive(file, this.#setup.live);
      await file.datasync();
      await this.#install(file, REWRITE_FILE, bytes);
    });
  }

  #compactWhenDue(): void {
    const limit = Math.max(this.#setup.compaction.factor * this.#setup.live.bytes, this.#compactAbove);
    if (this.#compaction !== undefined || this.#closed || this.#bytes <= limit) {
      return;
    }
    this.#compaction = this.#tryCompact();
  }

  async #tryCompact(): Promise<void> {
    try {
      await this.#compact();
      this.#compactAbove = this.#setup.compaction.minimumBytes;
    } catch (cause) {
      this.#compactAbove = 2 * this.#bytes;
      this.#setup.onRewriteFailed(cause);
    } finally {
      this.#compaction = undefined;
    }
  }

  /**
   * Writes what is live beside the journal while puts go on into it. Replaying the lines kept meanwhile after
   * that copy gives what memory holds, whichever moment each line of the copy was read at. Only the last few
   * of those lines and the rename hold up puts.
   */
  async #compact(): Promise<void> {
    this.#since = [];
    try {
      await this.#fresh(COMPACT_FILE, async (file) => {
        let bytes = await writeLive(file, this.#setup.live);
        await file.datasync();
        for (let round = 0; round < CATCH_UP_ROUNDS && (this.#since ?? []).length > CATCH_UP_LINES; round += 1) {
          bytes += await this.#writeSince(file, bytes);
        }
        await this.#inTurn(async () => {
          bytes += await this.#writeSince(file, bytes);
          await this.#install(file, COMPACT_FILE, bytes);
        });
      });
    } finally {
      this.#since = undefined;
    }
  }

  async #writeSince(file: OpenFile, offset: number): Promise<number> {
    const bytes = Buffer.from((this.#since ?? []).join(""));
    this.#since = [];
    await file.write(bytes, offset);
    await file.datasync();
    return bytes.byteLength;
  }

  /** Opens a temporary file, and removes it when `fill` does not get as far as making it the journal. */
  async #fresh(name: string, fill: (file: OpenFile) => Promise<void>): Promise<OpenFile> {
    const { fileSystem, directory } = this.#setup;
    const file = await fileSystem.open(join(directory, name), "replace");
    try {
      await fill(file);
      return file;
    } catch (error) {
      if (file !== this.#file) {
        await file.close().catch(() => undefined);
        await fileSystem.remove(join(directory, name)).catch(() => undefined);
      }
      throw error;
    }
  }

  async #install(file: OpenFile, name: string, bytes: number): Promise<void> {
    const { fileSystem, directory } = this.#setup;
    await fileSystem.rename(join(directory, name), join(directory, JOURNAL_FILE));
    const former = this.#file;
    this.#file = file;
    this.#bytes = bytes;
    // Until the directory is durable a power cut may bring the former journal back.
    this.#trusted = false;
    await fileSystem.syncDirectory(directory);
    this.#trusted = true;
    await former?.close().catch(() => undefined);
  }
}

/**
 * In parts, with a turn of the event loop between them: each put that resolves may be a reply that leaves, and all those
 * that waited for a slow flush, sent at one go, are more than the receive buffer of a relay holds.
 */
async function acknowledge(batch: readonly Waiting[]): Promise<void> {
  for (const [index, { resolve }] of batch.entries()) {
    if (index > 0 && index % ACKNOWLEDGED_TOGETHER === 0) await nextTurn();
    resolve();
  }
}
