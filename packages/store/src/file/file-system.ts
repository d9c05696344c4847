import { constants } from "node:fs";
import { type FileHandle, mkdir, open, readdir, readFile, rename, rm } from "node:fs/promises";
import { dirname } from "node:path";

/** A file open for writing. Every method throws the system's error (`code` ENOSPC, EIO and so on). */
export interface OpenFile {
  /** Writes all of `bytes` at `offset`; when it throws, any part of them may have been written. */
  write(bytes: Uint8Array, offset: number): Promise<void>;
  /** fdatasync(2): resolves when what was written survives a power cut. */
  datasync(): Promise<void>;
  truncate(bytes: number): Promise<void>;
  close(): Promise<void>;
}

/** What the file store needs of a disk. A port, so that tests can count calls, fail them and cut the power. */
export interface FileSystem {
  /** Makes the directory, for its owner only, and its parents, durably; one that is there is left as it is. */
  makeDirectory(path: string): Promise<void>;
  /** The names in a directory; none when there is no such directory. */
  list(path: string): Promise<readonly string[]>;
  /** The whole file, or undefined when there is none. */
  read(path: string): Promise<Uint8Array | undefined>;
  /** `new` fails with EEXIST where there is a file, `replace` empties it. Mode 0600. */
  open(path: string, how: "new" | "replace"): Promise<OpenFile>;
  rename(from: string, to: string): Promise<void>;
  /** Removing what is not there is no error. */
  remove(path: string): Promise<void>;
  /** fsync(2) of a directory: makes the creations and renames in it durable. */
  syncDirectory(path: string): Promise<void>;
}

const OPEN_FLAGS = {
  new: constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL,
  replace: constants.O_WRONLY | constants.O_CREAT | constants.O_TRUNC,
} as const;

/** The disk of this machine. */
export const nodeFileSystem: FileSystem = {
  async makeDirectory(path) {
    const first = await mkdir(path, { recursive: true, mode: 0o700 });
    if (first === undefined) {
      return;
    }
    for (let made = path; made !== dirname(first); made = dirname(made)) {
      await syncDirectory(dirname(made));
    }
  },
  list: (path) => readdir(path).catch(absent<readonly string[]>([])),
  read: (path) => readFile(path).catch(absent(undefined)),
  async open(path, how) {
    return openFile(await open(path, OPEN_FLAGS[how], 0o600));
  },
  rename,
  remove: (path) => rm(path, { force: true }),
  syncDirectory,
};

function openFile(handle: FileHandle): OpenFile {
  return {
    async write(bytes, offset) {
      let done = 0;
      while (done < bytes.byteLength) {
        const { bytesWritten } = await handle.write(bytes, done, bytes.byteLength - done, offset + done);
        done += bytesWritten;
      }
    },
    datasync: () => handle.datasync(),
    truncate: (bytes) => handle.truncate(bytes),
    close: () => handle.close(),
  };
}

async function syncDirectory(path: string): Promise<void> {
  const handle = await open(path, constants.O_RDONLY | constants.O_DIRECTORY);
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

function absent<T>(value: T): (error: unknown) => T {
  return (error) => {
    if (systemErrorCode(error) === "ENOENT") {
      return value;
    }
    throw error;
  };
}

/** The `code` of an error of the system (ENOENT, ENOSPC, ...), or undefined for any other value. */
export function systemErrorCode(error: unknown): string | undefined {
  return error instanceof Error && "code" in error && typeof error.code === "string" ? error.code : undefined;
}
