/**
 * The journal's line of every record that stands, as a journal written afresh would hold them. Keeping the
 * lines and not only the values makes a rewrite a matter of copying, and keeps records that no collection
 * understands as they are.
 */
export class LiveLines {
  readonly #collections = new Map<string, Map<string, string>>();
  #bytes = 0;

  /** What the lines take on disk. */
  get bytes(): number {
    return this.#bytes;
  }

  set(collection: string, key: string, line: string): void {
    const lines = this.#collection(collection);
    this.#bytes += Buffer.byteLength(line) - byteLength(lines.get(key));
    lines.set(key, line);
  }

  delete(collection: string, key: string): void {
    const lines = this.#collection(collection);
    this.#bytes -= byteLength(lines.get(key));
    lines.delete(key);
  }

  /**
   * All lines, in no order that matters. It may be read slowly while records change: a record that did not
   * change since the first line was read is in it; of one that did, any line, or none.
   */
  *lines(): Generator<string> {
    for (const lines of this.#collections.values()) {
      yield* lines.values();
    }
  }

  #collection(name: string): Map<string, string> {
    const known = this.#collections.get(name);
    if (known !== undefined) {
      return known;
    }
    const made = new Map<string, string>();
    this.#collections.set(name, made);
    return made;
  }
}

function byteLength(line: string | undefined): number {
  return line === undefined ? 0 : Buffer.byteLength(line);
}
