import { TemplateError, TemplateFailure, type TemplatePosition } from "./template-error.ts";
import { createEngine, HELPERS, INTERNAL } from "./template-helpers.ts";
import { makeStrict } from "./template-strict.ts";

/** A template as read from somewhere; `name` is what errors call it, usually a path. */
export interface TemplateSource {
  readonly name: string;
  readonly text: string;
}

/** A template that is ready to render any number of times. */
export interface CompiledTemplate {
  readonly name: string;
  /**
   * Renders without touching the context.
   *
   * @throws TemplateError when a variable is unknown or a helper cannot do with its arguments.
   */
  render(context: Readonly<Record<string, unknown>>): string;
}

const KNOWN_HELPERS: NonNullable<CompileOptions["knownHelpers"]> = Object.fromEntries(
  [...Object.keys(HELPERS), ...Object.values(INTERNAL)].map((name) => [name, true]),
);

/**
 * Compiles a Handlebars template under our strict rules: whatever is not defined is an error, values are printed as
 * they are (nothing is escaped), no inherited property is visible, and the helpers are those of {@link HELPERS}.
 *
 * @throws TemplateError for syntax, unknown helpers and wrong numbers of arguments.
 */
export function compileTemplate(source: TemplateSource): CompiledTemplate {
  const engine = createEngine();
  const program = inFile(source, () => {
    const tree = engine.parse(source.text);
    makeStrict(tree);
    return engine.compile<unknown>(tree, {
      noEscape: true,
      strict: true,
      knownHelpersOnly: true,
      knownHelpers: KNOWN_HELPERS,
    });
  });
  return { name: source.name, render: (context) => inFile(source, () => program(context)) };
}

/** {@link compileTemplate} and render in one go, for templates used once. */
export function renderTemplate(source: TemplateSource, context: Readonly<Record<string, unknown>>): string {
  return compileTemplate(source).render(context);
}

function inFile<T>(source: TemplateSource, action: () => T): T {
  try {
    return action();
  } catch (error) {
    if (error instanceof TemplateFailure) throw new TemplateError(source.name, error);
    throw new TemplateError(source.name, syntaxFailure(source.text, error));
  }
}

/** Handlebars' two kinds of syntax error: its grammar's (position in the message only) and its checks' (as fields). */
function syntaxFailure(text: string, error: unknown): TemplateFailure {
  const { message, lineNumber, column } = readError(error);
  if (lineNumber !== undefined) {
    const position = { line: lineNumber, column: column + 1 };
    return new TemplateFailure("template-syntax", position, message.replace(/ - \d+:\d+$/, ""), { cause: error });
  }
  const [first = "", shown = "", caret = "", ...rest] = message.split("\n");
  const line = Number(/line (\d+)/.exec(first)?.[1] ?? 1);
  const position = { line, column: caretColumn(text.split("\n")[line - 1] ?? "", shown, caret) };
  const detail = rest.length === 0 ? first : rest.join(" ").trim();
  return new TemplateFailure("template-syntax", position, detail, { cause: error });
}

function readError(error: unknown): { message: string; lineNumber: number | undefined; column: number } {
  if (!(error instanceof Error)) return { message: String(error), lineNumber: undefined, column: 0 };
  const lineNumber = "lineNumber" in error && typeof error.lineNumber === "number" ? error.lineNumber : undefined;
  const column = "column" in error && typeof error.column === "number" ? error.column : 0;
  return { message: error.message, lineNumber, column };
}

/** The grammar shows up to 40 characters around the error with a caret below: find that text in the line again. */
function caretColumn(line: string, shown: string, caret: string): TemplatePosition["column"] {
  const before = shown.slice(0, caret.indexOf("^")).replace(/^\.\.\./, "");
  for (let from = 0; from < before.length; from++) {
    const at = line.indexOf(before.slice(from));
    if (at >= 0) return at + before.length - from + 1;
  }
  return 1;
}
