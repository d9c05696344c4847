import { IgnitionError, parseIgnition, validateIgnition } from "@railhead/render";
import { readYamlText } from "../settings/yaml-text.ts";

/** Files that are sent as they are, braces and all; every other one is a template. */
export function isFinishedConfig(file: string): boolean {
  return file.endsWith(".ign") || file.endsWith(".ignition");
}

/** Everything that is wrong with a finished Ignition config, each with its line; empty when it can be served. */
export function finishedConfigProblems(name: string, text: string): readonly string[] {
  // JSON ends with its brace; of YAML nobody can tell where it was to end.
  if (!/[}\n]$/.test(text)) return [unfinished(name, text)];
  const yaml = readYamlText(text);
  const [syntax] = yaml.problems; // the others follow from it
  if (syntax !== undefined) return [`${name}:${syntax.line ?? 1}: ${syntax.message}`];
  try {
    return validateIgnition(parseIgnition(text, name))
      .problems.filter(({ kind }) => kind === "error")
      .map(({ message, segments }) => {
        const path = segments.length === 0 ? "" : `${segments.join(".")}: `;
        return `${name}:${yaml.lineOf(segments) ?? 1}: ${path}${message}`;
      });
  } catch (error) {
    if (error instanceof IgnitionError) return [error.message];
    throw error;
  }
}

/** What to say of a text without a newline at its end: it may be the beginning of a longer one. */
export function unfinished(name: string, text: string): string {
  const line = text.split("\n").length;
  return `${name}:${line}: cut off: it must end in a newline, so that half a file is known as one`;
}
