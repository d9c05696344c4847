const LONGEST_DELAY_MS = 50;
const MOST_CHARACTERS = 64 * 1024;

/**
 * Collects lines and passes them on together, at most 50 ms after the first of them. A system call for each line was a
 * twelfth of all that a DHCP exchange cost.
 */
export class LineBuffer {
  readonly #pass: (lines: string) => void;
  #lines = "";
  #timer: NodeJS.Timeout | undefined;

  /** @param pass writes at once: what it was given is not kept */
  constructor(pass: (lines: string) => void) {
    this.#pass = pass;
  }

  write(line: string): void {
    this.#lines += line;
    if (this.#lines.length >= MOST_CHARACTERS) this.flush();
    // It keeps no process alive: whoever owns the buffer flushes it at the end.
    else this.#timer ??= setTimeout(() => this.flush(), LONGEST_DELAY_MS).unref();
  }

  /** Passes on what there is, now. */
  flush(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    const lines = this.#lines;
    this.#lines = "";
    if (lines !== "") this.#pass(lines);
  }
}
