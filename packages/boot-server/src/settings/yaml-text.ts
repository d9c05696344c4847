import { LineCounter, parseDocument } from "yaml";

/** A problem in a text that a person wrote. */
export interface TextProblem {
  /** 1-based; absent where the text has no place for it. */
  readonly line?: number;
  readonly path: readonly (string | number)[];
  readonly message: string;
}

/** A YAML or JSON text: its value, and where in the text each part of it stands. */
export interface YamlText {
  readonly value: unknown;
  /** Syntax errors, duplicate keys; the value means nothing when there are any. */
  readonly problems: readonly TextProblem[];
  /** The line of the deepest node on the way to `path` that exists, 1-based. */
  lineOf(path: readonly (string | number)[]): number | undefined;
}

/** Parses YAML 1.2, of which JSON is a part. Never throws. */
export function readYamlText(text: string): YamlText {
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false, uniqueKeys: true });
  const lineOf = (path: readonly (string | number)[]): number | undefined => {
    for (let length = path.length; length >= 0; length -= 1) {
      const node: unknown = length === 0 ? document.contents : document.getIn(path.slice(0, length), true);
      const range = hasRange(node) ? node.range : undefined;
      if (range !== undefined) return lines.linePos(range[0]).line;
    }
    return undefined;
  };
  const problems = document.errors.map((error) => ({
    line: lines.linePos(error.pos[0]).line,
    path: [],
    message: error.message,
  }));
  return { value: problems.length === 0 ? document.toJS() : undefined, problems, lineOf };
}

function hasRange(node: unknown): node is { readonly range: readonly [number, number, number] } {
  return typeof node === "object" && node !== null && "range" in node && Array.isArray(node.range);
}
