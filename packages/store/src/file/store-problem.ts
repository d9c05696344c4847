import type { CorruptReason } from "./journal-line.ts";

/** What was wrong with a store, though it serves. Offsets and sizes are in bytes of the journal as it was found. */
export type StoreProblem =
  /** The last line was not whole: the power went while it was written, before anyone was told it was kept. */
  | { readonly kind: "torn-tail"; readonly offset: number; readonly bytes: number }
  /** There was a journal without a single line in it, though none is ever made that way. */
  | { readonly kind: "no-header" }
  /** A line that cannot be right was taken out; `quarantine` is the file that has it now. */
  | {
      readonly kind: "corrupt-line";
      readonly line: number;
      readonly offset: number;
      readonly bytes: number;
      readonly reason: CorruptReason;
      readonly quarantine: string;
    }
  /** A record its collection does not accept. It is not served, but stays in the journal until it is put anew. */
  | { readonly kind: "invalid-record"; readonly collection: string; readonly key: string; readonly cause: unknown }
  /** The journal could not be written afresh. It is tried again: after damage by the next put, else as it grows. */
  | { readonly kind: "rewrite-failed"; readonly cause: unknown };
