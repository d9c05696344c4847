import { join, resolve } from "node:path";
import type { RecordStore } from "@railhead/provisioning";
import { checkKey, recordJson } from "../record.ts";
import { StoreError } from "../store-error.ts";
import { type FileSystem, nodeFileSystem } from "./file-system.ts";
import { type CompactionLimits, JOURNAL_FILE, Journal, TEMPORARY_FILES } from "./journal.ts";
import { deleteLine, putLine } from "./journal-line.ts";
import type { LiveLines } from "./live-lines.ts";
import { acquireLock } from "./lock.ts";
import { nextQuarantineFile, quarantine } from "./quarantine.ts";
import { type JournalScan, scanJournal } from "./scan-journal.ts";
import type { StoreProblem } from "./store-problem.ts";

export interface FileStoreOptions {
  readonly fileSystem?: FileSystem;
  readonly compaction?: CompactionLimits;
}

export interface FileStore {
  /**
   * The records of one kind. `parse` makes a record of plain JSON data, or throws: then a record found on disk
   * is not served (a problem of kind `invalid-record`), and a put is refused with store-bad-record. It must
   * accept what it returned.
   * @throws StoreError store-collection-taken when asked for a second time
   */
  collection<T>(name: string, parse: (value: unknown) => T): RecordStore<T>;
  /** What is wrong, though the store serves. The list is live: later problems are added to it. */
  readonly problems: readonly StoreProblem[];
  /** Lets puts under way come to their end and gives up the directory; later puts reject with store-closed. */
  close(): Promise<void>;
}

/** A start reads the whole journal: these bound how long that takes, a few tenths of a second for 8 MiB. */
const DEFAULT_COMPACTION: CompactionLimits = { factor: 2, minimumBytes: 8 * 1024 * 1024 };

/**
 * Opens the store in a directory, which is made when it is missing, and reads all of it into memory.
 *
 * There is one journal for all collections: one fdatasync then serves whatever waits, be it leases or reports,
 * and after a power cut the store is as it was at one moment, never a report without the lease before it.
 * @throws StoreError store-locked, store-version, store-open-failed
 */
export async function openFileStore(directory: string, options: FileStoreOptions = {}): Promise<FileStore> {
  const { fileSystem = nodeFileSystem, compaction = DEFAULT_COMPACTION } = options;
  const path = resolve(directory);
  try {
    await fileSystem.makeDirectory(path);
    const release = await acquireLock(fileSystem, path);
    try {
      return await openLocked({ fileSystem, directory: path, compaction, release });
    } catch (error) {
      await release();
      throw error;
    }
  } catch (cause) {
    throw cause instanceof StoreError ? cause : openFailed(path, cause);
  }
}

interface Opening {
  readonly fileSystem: FileSystem;
  readonly directory: string;
  readonly compaction: CompactionLimits;
  readonly release: () => Promise<void>;
}

async function openLocked({ fileSystem, directory, compaction, release }: Opening): Promise<FileStore> {
  const content = await fileSystem.read(join(directory, JOURNAL_FILE));
  const scan = scanJournal(bufferOf(content ?? new Uint8Array()));
  for (const name of TEMPORARY_FILES) {
    await fileSystem.remove(join(directory, name));
  }
  const quarantineFile = await nextQuarantineFile(fileSystem, directory);
  const problems = content === undefined ? [] : problemsOf(scan, quarantineFile);
  const onRewriteFailed = (cause: unknown) => void problems.push({ kind: "rewrite-failed", cause });
  const journal = new Journal({
    fileSystem,
    directory,
    live: scan.live,
    compaction,
    onRewriteFailed,
    beforeRewrite: async () => {
      if (scan.corrupt.length > 0) {
        await quarantine(fileSystem, quarantineFile, scan.corrupt);
      }
    },
  });
  try {
    await journal.rewrite();
  } catch (cause) {
    if (content === undefined) {
      throw cause;
    }
    // A disk too full or too ill for that does not keep the server from its records; each put tries again.
    onRewriteFailed(cause);
  }
  return fileStore(journal, scan, problems, release);
}

function fileStore(
  journal: Journal,
  scan: JournalScan,
  problems: StoreProblem[],
  release: () => Promise<void>,
): FileStore {
  const taken = new Set<string>();
  let closed: Promise<void> | undefined;
  return {
    collection<T>(name: string, parse: (value: unknown) => T): RecordStore<T> {
      if (taken.has(name)) {
        throw new StoreError("store-collection-taken", `the collection ${name} is already in use`);
      }
      taken.add(name);
      const records = new Map<string, T>();
      for (const [key, value] of scan.values.get(name) ?? []) {
        try {
          records.set(key, parse(value));
        } catch (cause) {
          problems.push({ kind: "invalid-record", collection: name, key, cause });
        }
      }
      scan.values.delete(name);
      return collection({ name, parse, records, journal, live: scan.live });
    },
    problems,
    close() {
      closed ??= closeStore(journal, release);
      return closed;
    },
  };
}

async function closeStore(journal: Journal, release: () => Promise<void>): Promise<void> {
  try {
    await journal.close();
  } finally {
    await release();
  }
}

interface CollectionParts<T> {
  readonly name: string;
  readonly parse: (value: unknown) => T;
  readonly records: Map<string, T>;
  readonly journal: Journal;
  readonly live: LiveLines;
}

function collection<T>({ name, parse, records, journal, live }: CollectionParts<T>): RecordStore<T> {
  return {
    all: () => records,
    get: (key) => records.get(key),
    async put(key, value) {
      checkKey(key);
      const json = recordJson(value);
      const record = parsed(parse, json);
      const line = putLine(name, key, json);
      await journal.append(line, () => {
        live.set(name, key, line);
        records.set(key, record);
      });
    },
    async delete(key) {
      checkKey(key);
      await journal.append(deleteLine(name, key), () => {
        live.delete(name, key);
        records.delete(key);
      });
    },
  };
}

/** The record as a restart would give it; what a restart would not accept is refused now. */
function parsed<T>(parse: (value: unknown) => T, json: string): T {
  try {
    return parse(JSON.parse(json));
  } catch (cause) {
    throw new StoreError("store-bad-record", "the collection does not accept the value", { cause });
  }
}

function problemsOf({ end, tornBytes, corrupt }: JournalScan, quarantineFile: string): StoreProblem[] {
  const problems: StoreProblem[] = corrupt.map(({ line, offset, content, reason }) => ({
    kind: "corrupt-line",
    line,
    offset,
    bytes: content.byteLength,
    reason,
    quarantine: quarantineFile,
  }));
  if (tornBytes > 0) {
    problems.push({ kind: "torn-tail", offset: end, bytes: tornBytes });
  } else if (end === 0) {
    problems.push({ kind: "no-header" });
  }
  return problems;
}

function bufferOf(bytes: Uint8Array): Buffer {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

function openFailed(directory: string, cause: unknown): StoreError {
  const reason = cause instanceof Error ? cause.message : String(cause);
  return new StoreError("store-open-failed", `the store in ${directory} could not be opened: ${reason}`, {
    cause,
    hint: "it needs a directory it may write to, and some room there",
  });
}
