import { StoreError } from "../store-error.ts";
import { systemErrorCode } from "./file-system.ts";

/** Whether there was no room, on the disk or in a quota; then nothing is wrong with what is there. */
export function isNoSpace(error: unknown): boolean {
  return ["ENOSPC", "EDQUOT", "EFBIG"].includes(systemErrorCode(error) ?? "");
}

export function writeFailed(directory: string, cause: unknown): StoreError {
  const hint = isNoSpace(cause)
    ? `make room on the file system of ${directory}; records are accepted again as soon as there is some`
    : `look for errors of the disk under ${directory} (dmesg); what was acknowledged before still stands`;
  const reason = cause instanceof Error ? cause.message : String(cause);
  return new StoreError("store-write-failed", `the record could not be made durable: ${reason}`, { cause, hint });
}
