import { StoreError } from "../store-error.ts";
import { type CorruptReason, decodeLine, JOURNAL_VERSION, type JournalEntry } from "./journal-line.ts";
import { LiveLines } from "./live-lines.ts";

const NEWLINE = 0x0a;

export interface CorruptLine {
  /** Counted from 1. */
  readonly line: number;
  readonly offset: number;
  readonly content: Buffer;
  readonly reason: CorruptReason;
}

/** What a journal says, and what in it says nothing. */
export interface JournalScan {
  readonly live: LiveLines;
  /** The values of the records that stand, by collection and key, as JSON gives them. */
  readonly values: Map<string, Map<string, unknown>>;
  readonly corrupt: readonly CorruptLine[];
  /** Where the last whole line ends. */
  readonly end: number;
  /** What comes after it: a line that was not written to its end. */
  readonly tornBytes: number;
}

/**
 * Replays a journal: the last whole line about a key is what holds. A line that is not right is left out, and
 * everything else is served, so one bad sector does not cost the other leases.
 * @throws StoreError store-version when a newer Railhead wrote it; store-open-failed when it is something else
 */
export function scanJournal(journal: Buffer): JournalScan {
  const live = new LiveLines();
  const values = new Map<string, Map<string, unknown>>();
  const corrupt: CorruptLine[] = [];
  let offset = 0;
  for (let line = 1; ; line += 1) {
    const newline = journal.indexOf(NEWLINE, offset);
    if (newline === -1) {
      break;
    }
    const content = journal.subarray(offset, newline);
    const entry = decodeLine(content);
    if (entry.kind === "corrupt") {
      corrupt.push({ line, offset, content, reason: entry.reason });
    } else if (line === 1) {
      checkHeader(entry);
    } else if (entry.kind === "header") {
      corrupt.push({ line, offset, content, reason: "bad-entry" });
    } else {
      replay(entry, journal.toString("utf8", offset, newline + 1), live, values);
    }
    offset = newline + 1;
  }
  return { live, values, corrupt, end: offset, tornBytes: journal.byteLength - offset };
}

function replay(
  entry: Exclude<JournalEntry, { kind: "header" }>,
  line: string,
  live: LiveLines,
  values: Map<string, Map<string, unknown>>,
): void {
  const { collection, key } = entry;
  if (entry.kind === "delete") {
    live.delete(collection, key);
    values.get(collection)?.delete(key);
    return;
  }
  live.set(collection, key, line);
  const known = values.get(collection);
  if (known === undefined) {
    values.set(collection, new Map([[key, entry.value]]));
  } else {
    known.set(key, entry.value);
  }
}

function checkHeader(entry: JournalEntry): void {
  if (entry.kind !== "header") {
    throw new StoreError("store-open-failed", "the journal does not begin with a header", {
      hint: "is this the journal of a Railhead store? It was left as it is",
    });
  }
  if (entry.version !== JOURNAL_VERSION) {
    throw new StoreError(
      "store-version",
      `the journal has version ${entry.version}, this Railhead reads version ${JOURNAL_VERSION}`,
      { hint: "start the Railhead that wrote it, or a newer one; it was left as it is" },
    );
  }
}
