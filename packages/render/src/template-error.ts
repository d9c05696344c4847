export type TemplateErrorCode = "template-unknown-variable" | "template-syntax" | "template-helper";

/** Where in a template: lines and columns count from 1. */
export interface TemplatePosition {
  readonly line: number;
  readonly column: number;
}

/**
 * A template that cannot be compiled or rendered. The message reads `file:line:column: what is wrong`.
 *
 * - `template-syntax`: not a template of this language; found by {@link compileTemplate}.
 * - `template-helper`: an unknown helper or partial, a wrong number of arguments (found by {@link compileTemplate}), or
 *   arguments of the wrong type and values that cannot be printed (found while rendering).
 * - `template-unknown-variable`: the context has no such variable; `variable` is its path as written.
 */
export class TemplateError extends Error {
  override readonly name = "TemplateError";
  readonly code: TemplateErrorCode;
  readonly file: string;
  readonly line: number;
  readonly column: number;
  readonly variable: string | undefined;
  readonly hint: string | undefined;

  constructor(file: string, failure: TemplateFailure) {
    const { line, column } = failure.position;
    super(`${file}:${line}:${column}: ${failure.message}`, { cause: failure.cause });
    this.code = failure.code;
    this.file = file;
    this.line = line;
    this.column = column;
    this.variable = failure.variable;
    this.hint = failure.hint;
  }
}

/** What helpers throw: they know the position but not the file. Never leaves this package. */
export class TemplateFailure extends Error {
  override readonly name = "TemplateFailure";
  readonly code: TemplateErrorCode;
  readonly position: TemplatePosition;
  readonly variable: string | undefined;
  readonly hint: string | undefined;

  constructor(
    code: TemplateErrorCode,
    position: TemplatePosition,
    message: string,
    more: { readonly variable?: string; readonly hint?: string; readonly cause?: unknown } = {},
  ) {
    super(message, { cause: more.cause });
    this.code = code;
    this.position = position;
    this.variable = more.variable;
    this.hint = more.hint;
  }
}
