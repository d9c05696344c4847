/** Every way in which a run can fail before, between or instead of its units. */
export type AgentErrorCode =
  | "settings-unreadable"
  | "settings-invalid"
  | "git-missing"
  | "repo-unreachable"
  | "repo-refused"
  | "repo-interrupted"
  | "ref-missing"
  | "checkout-blocked"
  | "list-missing"
  | "config-invalid"
  | "systemd-failed";

/** One thing that is wrong in a file someone wrote. `line` is 1-based; `path` names a key of a document. */
export interface Problem {
  readonly file: string;
  readonly line?: number;
  readonly path?: string;
  readonly message: string;
}

interface AgentErrorOptions {
  readonly cause?: unknown;
  readonly hint?: string;
  readonly problems?: readonly Problem[];
}

/** A failure of the agent, with what the person who finds it can do about it. */
export class AgentError extends Error {
  override readonly name = "AgentError";
  readonly code: AgentErrorCode;
  readonly hint: string | undefined;
  /** For `settings-invalid` and `config-invalid`: all that is wrong, not only the first. */
  readonly problems: readonly Problem[];

  constructor(code: AgentErrorCode, message: string, options: AgentErrorOptions = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.code = code;
    this.hint = options.hint;
    this.problems = options.problems ?? [];
  }
}

/** `error`'s message, whatever was thrown. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/** True for the errors of `node:fs` and `node:child_process` that carry this code, such as `ENOENT`. */
export function isSystemError(error: unknown, code: string): boolean {
  return error instanceof Error && "code" in error && error.code === code;
}
