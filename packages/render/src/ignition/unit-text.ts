import { utf8Bytes } from "../text-encoding.ts";

/** What can be said about the text of a systemd unit. */
export interface UnitText {
  /** The names of sections with at least one option in them. */
  readonly sections: ReadonlySet<string>;
  readonly error: string | undefined;
  /** Whether a line is longer than the readers in Ignition before 2.15 take (2048 bytes with its line break). */
  readonly hasLongLine: boolean;
}

const LINE_LIMIT_BYTES = 2048;

/**
 * Reads unit text as Ignition does (go-systemd's reader), which differs from systemd's own: anything may stand before
 * the first section header, a header may span lines, and a comment after a continued line is part of the value.
 */
export function readUnitText(text: string): UnitText {
  const sections = new Set<string>();
  const error = readSections(text, sections);
  const hasLongLine = text
    .split("\n")
    .some((line) => line.length * 3 >= LINE_LIMIT_BYTES && utf8Bytes(line).length >= LINE_LIMIT_BYTES);
  return { sections, error, hasLongLine };
}

function readSections(text: string, sections: Set<string>): string | undefined {
  let at = findFirstSection(text);
  let section = "";
  while (at < text.length) {
    const character = text.charAt(at);
    if (/\s/.test(character)) at++;
    else if (character === "[") {
      const end = text.indexOf("]", at);
      if (end < 0) return "unable to find end of section";
      section = text.slice(at + 1, end);
      at = endOfLine(text, end);
      const garbage = text.slice(end + 1, at).trim();
      if (garbage !== "") return `found garbage after section name : ${JSON.stringify(garbage)}`;
    } else if (character === "#" || character === ";") {
      at = endOfComment(text, at);
    } else {
      const name = /^[^=\r\n]*/.exec(text.slice(at, endOfLine(text, at)))?.[0] ?? "";
      at += name.length;
      if (at >= text.length) return "EOF";
      if (text.charAt(at) !== "=") return "unexpected newline encountered while parsing option name";
      sections.add(section);
      at = endOfValue(text, at + 1);
    }
  }
  return undefined;
}

function findFirstSection(text: string): number {
  let at = 0;
  while (at < text.length && text.charAt(at) !== "[") {
    at = /[#;]/.test(text.charAt(at)) ? endOfComment(text, at) : at + 1;
  }
  return at;
}

/** Where the line ends: at its line break or at the end of the text. */
function endOfLine(text: string, from: number): number {
  const end = text.indexOf("\n", from);
  return end < 0 ? text.length : end;
}

function endOfComment(text: string, from: number): number {
  const end = endOfLine(text, from);
  const continued = /\\ ?$/.test(text.slice(from, end));
  return continued && end < text.length ? endOfComment(text, end + 1) : end;
}

function endOfValue(text: string, from: number): number {
  const end = endOfLine(text, from);
  const continued = text.charAt(end - 1) === "\\" && end > from;
  return continued && end < text.length ? endOfValue(text, end + 1) : end;
}
