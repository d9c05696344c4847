/** Strings and the marks that make objects and lists; numbers and words say nothing about keys. */
const TOKEN = /"(?:[^"\\]|\\.)*"|[{}[\],]/g;

/** A key that stands twice in one object, and the line of its second place, 1-based. */
export interface DuplicateKey {
  readonly key: string;
  readonly line: number;
}

/**
 * The first key that an object of a JSON text has twice. `JSON.parse` takes the last one in silence, and so a second
 * `selector` could make any group the default group.
 *
 * Scans instead of parsing anew, because tens of thousands of documents are read at a time.
 *
 * @param text valid JSON
 */
export function duplicateKey(text: string): DuplicateKey | undefined {
  const open: (Set<string> | undefined)[] = [];
  let keyIsNext = false;
  for (const { 0: token, index } of text.matchAll(TOKEN)) {
    const keys = open.at(-1);
    if (token === "{") {
      open.push(new Set());
      keyIsNext = true;
    } else if (token === "[") {
      open.push(undefined);
    } else if (token === "}" || token === "]") {
      open.pop();
    } else if (token === ",") {
      keyIsNext = keys !== undefined;
    } else if (keyIsNext && keys !== undefined) {
      keyIsNext = false;
      const key = token.includes("\\") ? String(JSON.parse(token)) : token.slice(1, -1);
      if (keys.has(key)) return { key, line: text.slice(0, index).split("\n").length };
      keys.add(key);
    }
  }
  return undefined;
}
