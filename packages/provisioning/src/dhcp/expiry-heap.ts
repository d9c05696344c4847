/**
 * Keys in order of their time, with O(log n) change of a key's time: a binary heap that knows each key's position.
 */
export class ExpiryHeap<K> {
  readonly #entries: { readonly key: K; readonly at: number }[] = [];
  readonly #position = new Map<K, number>();

  get size(): number {
    return this.#entries.length;
  }

  /** The key with the smallest time, and that time. */
  peek(): { readonly key: K; readonly at: number } | undefined {
    return this.#entries[0];
  }

  set(key: K, at: number): void {
    const position = this.#position.get(key) ?? this.#entries.length;
    this.#place({ key, at }, position);
    this.#settle(position);
  }

  delete(key: K): void {
    const position = this.#position.get(key);
    if (position === undefined) return;
    this.#position.delete(key);
    const last = this.#entries.pop();
    if (last === undefined || position === this.#entries.length) return;
    this.#place(last, position);
    this.#settle(position);
  }

  #settle(start: number): void {
    let position = start;
    for (let parent = (position - 1) >> 1; position > 0 && this.#at(position) < this.#at(parent); ) {
      this.#swap(position, parent);
      position = parent;
      parent = (position - 1) >> 1;
    }
    for (;;) {
      const left = 2 * position + 1;
      const child = this.#at(left + 1) < this.#at(left) ? left + 1 : left;
      if (this.#at(child) >= this.#at(position)) return;
      this.#swap(position, child);
      position = child;
    }
  }

  #at(position: number): number {
    return this.#entries[position]?.at ?? Number.POSITIVE_INFINITY;
  }

  #place(entry: { readonly key: K; readonly at: number }, position: number): void {
    this.#entries[position] = entry;
    this.#position.set(entry.key, position);
  }

  #swap(a: number, b: number): void {
    const entryA = this.#entries[a];
    const entryB = this.#entries[b];
    if (entryA === undefined || entryB === undefined) return;
    this.#place(entryA, b);
    this.#place(entryB, a);
  }
}
