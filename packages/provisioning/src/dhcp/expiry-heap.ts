interface Entry<K> {
  readonly key: K;
  /** What the heap is ordered by; never later than `due`. */
  at: number;
  /** The key's time. */
  due: number;
  position: number;
}

/**
 * Keys in order of their time: a binary heap that knows each key's position.
 *
 * Leases are renewed again and again and run out seldom. So a time that becomes later is only noted, in O(1), and put in
 * its place when the key comes to the front; one that becomes earlier is put in its place at once, in O(log n).
 */
export class ExpiryHeap<K> {
  readonly #heap: Entry<K>[] = [];
  readonly #entries = new Map<K, Entry<K>>();

  get size(): number {
    return this.#heap.length;
  }

  /** The key with the smallest time, and that time. */
  peek(): { readonly key: K; readonly at: number } | undefined {
    for (let first = this.#heap[0]; first !== undefined; first = this.#heap[0]) {
      if (first.due === first.at) return { key: first.key, at: first.at };
      first.at = first.due;
      this.#sink(first);
    }
    return undefined;
  }

  set(key: K, at: number): void {
    const known = this.#entries.get(key);
    if (known === undefined) {
      const entry = { key, at, due: at, position: this.#heap.length };
      this.#entries.set(key, entry);
      this.#heap.push(entry);
      this.#rise(entry);
      return;
    }
    known.due = at;
    if (at >= known.at) return;
    known.at = at;
    this.#rise(known);
  }

  delete(key: K): void {
    const entry = this.#entries.get(key);
    if (entry === undefined) return;
    this.#entries.delete(key);
    const last = this.#heap.pop();
    if (last === undefined || last === entry) return;
    this.#place(last, entry.position);
    this.#rise(last);
    this.#sink(last);
  }

  #rise(entry: Entry<K>): void {
    for (;;) {
      const parent = this.#heap[(entry.position - 1) >> 1];
      if (entry.position === 0 || parent === undefined || parent.at <= entry.at) return;
      this.#swap(entry, parent);
    }
  }

  #sink(entry: Entry<K>): void {
    for (;;) {
      const left = this.#heap[2 * entry.position + 1];
      const right = this.#heap[2 * entry.position + 2];
      const child = right !== undefined && left !== undefined && right.at < left.at ? right : left;
      if (child === undefined || child.at >= entry.at) return;
      this.#swap(entry, child);
    }
  }

  #swap(a: Entry<K>, b: Entry<K>): void {
    const { position } = a;
    this.#place(a, b.position);
    this.#place(b, position);
  }

  #place(entry: Entry<K>, position: number): void {
    this.#heap[position] = entry;
    entry.position = position;
  }
}
