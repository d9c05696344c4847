/** Why the sandbox could not do what it was asked, as a closed set. */
export type SandboxErrorCode =
  | "bad-option"
  | "not-root"
  | "missing-tool"
  | "missing-file"
  | "bad-manifest"
  | "checksum-mismatch"
  | "command-failed"
  | "network"
  | "qmp"
  | "machine"
  | "server-failed"
  | "interrupted"
  | "timed-out"
  | "no-sandbox"
  | "control"
  | "released";

/** A failure of the sandbox; `hint` tells the person in front of it what to do next. */
export class SandboxError extends Error {
  override readonly name = "SandboxError";
  readonly code: SandboxErrorCode;
  readonly hint: string | undefined;

  constructor(
    code: SandboxErrorCode,
    message: string,
    options: { readonly cause?: unknown; readonly hint?: string } = {},
  ) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.code = code;
    this.hint = options.hint;
  }
}

/** What went wrong, in one line, whatever was thrown. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
