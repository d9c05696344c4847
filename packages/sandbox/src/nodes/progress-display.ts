import type { NodeState } from "./node-state.ts";
import { liveLine, progressLine } from "./progress.ts";

/** Where the sandbox writes to; `process.stdout` is one. */
export interface TextOutput {
  readonly write: (text: string) => unknown;
  readonly isTTY?: boolean;
  readonly columns?: number;
  readonly rows?: number;
}

/** Shows the nodes' progress: on a terminal one line a node redrawn in place, elsewhere one line for each change. */
export interface ProgressDisplay {
  /** A node has changed. */
  readonly update: (node: NodeState) => void;
  /** Lines of their own, above the live ones. */
  readonly print: (lines: readonly string[]) => void;
  /** The clock has moved on. */
  readonly tick: (nowMs: number) => void;
  /** Leaves what is shown on the screen and shows nothing more. */
  readonly finish: () => void;
}

export function createProgressDisplay(output: TextOutput, nodes: readonly NodeState[]): ProgressDisplay {
  // A block taller than the screen could not be redrawn: its upper lines have scrolled away.
  const fits = nodes.length < (output.rows ?? 24);
  return output.isTTY === true && fits
    ? terminalDisplay(output, nodes)
    : createPlainDisplay((line) => output.write(`${line}\n`));
}

/** One line for each change, also where a terminal shows other things meanwhile. Never a control sequence. */
export function createPlainDisplay(writeLine: (line: string) => unknown): ProgressDisplay {
  const shown = new Map<string, string>();
  let finished = false;
  return {
    update: (node) => {
      const line = progressLine(node);
      // Repeated for the same stage only when there is something new to read, not for another tenth of a second.
      const news = line.replace(/\d+\.\d s/, "");
      if (!finished && shown.get(node.name) !== news) {
        shown.set(node.name, news);
        writeLine(line);
      }
    },
    print: (lines) => lines.forEach((line) => writeLine(line)),
    tick: () => undefined,
    finish: () => {
      finished = true;
    },
  };
}

const CLEAR_LINE = "\x1b[2K";
const CLEAR_BELOW = "\x1b[J";

function terminalDisplay(output: TextOutput, initial: readonly NodeState[]): ProgressDisplay {
  const nodes = new Map(initial.map((node) => [node.name, node]));
  let linesDrawn = 0;
  let nowMs = 0;
  let finished = false;
  const draw = (above: readonly string[]): void => {
    const columns = output.columns ?? 80;
    const back = linesDrawn === 0 ? "" : `\x1b[${linesDrawn}A\r`;
    const text = above.map((line) => `${CLEAR_BELOW}${line}\n`).join("");
    const block = [...nodes.values()].map((node) => `${CLEAR_LINE}${liveLine(node, nowMs, columns)}\n`).join("");
    output.write(back + text + block);
    linesDrawn = nodes.size;
  };
  return {
    update: (node) => {
      nodes.set(node.name, node);
      nowMs = Math.max(nowMs, node.stageAt);
      if (!finished) {
        draw([]);
      }
    },
    print: (lines) => {
      if (finished || linesDrawn === 0) {
        output.write(lines.map((line) => `${line}\n`).join(""));
      } else {
        draw(lines);
      }
    },
    tick: (now) => {
      nowMs = now;
      if (!finished && linesDrawn > 0) {
        draw([]);
      }
    },
    finish: () => {
      finished = true;
    },
  };
}
