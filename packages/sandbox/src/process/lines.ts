/** Turns chunks of text into lines. */
export interface LineSplitter {
  readonly push: (text: string) => void;
  /** The stream has ended: what is left without a line end is the last line. */
  readonly end: () => void;
}

/** A line longer than this is cut into pieces, so that a stream without line ends cannot fill the memory. */
const LONGEST_LINE = 1_000_000;

export function createLineSplitter(onLine: (line: string) => void): LineSplitter {
  let rest = "";
  return {
    push: (text) => {
      const lines = (rest + text).split("\n");
      rest = lines.pop() ?? "";
      for (const line of lines) {
        onLine(line.endsWith("\r") ? line.slice(0, -1) : line);
      }
      if (rest.length > LONGEST_LINE) {
        onLine(rest);
        rest = "";
      }
    },
    end: () => {
      if (rest !== "") {
        onLine(rest);
        rest = "";
      }
    },
  };
}
