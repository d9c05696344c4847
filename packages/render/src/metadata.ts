/**
 * A template context as `NAME=value` lines, for scripts and `EnvironmentFile=` on the machine: nested names joined by
 * `_` in upper case, lines sorted by name; lists and nulls are left out; whole numbers print as integers.
 *
 * A context holds what strangers wrote (`request.query`), so one entry is always one line: in values a control
 * character is written as its escape (`\n`, `\r`, `\u0000`), in names it and `=` become `_`. Escaping rather than
 * refusing, because `/metadata` must answer whatever the query says, and rather than quoting, because matchbox's
 * readers take values literally; a text with line breaks in it arrives readable, and nothing can add an entry.
 */
export function renderMetadata(context: Readonly<Record<string, unknown>>): string {
  const entries = flatten(context, "");
  entries.sort(([left], [right]) => (left < right ? -1 : Number(left > right)));
  return entries.map(([name, value]) => `${name}=${value}\n`).join("");
}

function flatten(fields: object, prefix: string): [name: string, value: string][] {
  return Object.entries(fields).flatMap(([key, value]: [string, unknown]): [string, string][] => {
    const name = prefix + key.toUpperCase().replace(/[=\p{Cc}\u2028\u2029]/gu, "_");
    switch (typeof value) {
      case "string":
        return [[name, oneLine(value)]];
      case "boolean":
        return [[name, String(value)]];
      case "number":
        return [[name, decimal(value)]];
      case "object":
        return value === null || Array.isArray(value) ? [] : flatten(value, `${name}_`);
      default:
        return [];
    }
  });
}

/** Without an exponent: 1e+21 would be no number to a shell. */
function decimal(value: number): string {
  return Number.isInteger(value) ? BigInt(value).toString() : String(value);
}

function oneLine(value: string): string {
  return value.replace(/[\p{Cc}\u2028\u2029]/gu, (character) => {
    if (character === "\t") return character;
    if (character === "\n") return "\\n";
    if (character === "\r") return "\\r";
    return `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`;
  });
}
