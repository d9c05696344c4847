import { describe, expect, test } from "vitest";
import type { NodeState } from "./node-state.ts";
import { createProgressDisplay, type TextOutput } from "./progress-display.ts";

function node(name: string, changes: Partial<NodeState> = {}): NodeState {
  const identity = { name, mac: "52:54:00:77:00:01", address: "10.77.0.11", role: "worker" };
  return { ...identity, stage: "powered on", poweredOnAt: 0, stageAt: 0, unitsOk: 0, restarts: 0, ...changes };
}

/** What a person sees on a terminal of 20 rows after all that was written; only what the display uses is understood. */
function screen(text: string): readonly string[] {
  const rows: string[] = [""];
  let row = 0;
  // oxlint-disable-next-line eslint/no-control-regex
  for (const [token] of text.matchAll(/\x1b\[\d*[A-Z]|\n|\r|[^\x1b\n\r]+/g)) {
    const up = token.endsWith("A") ? /\d+/.exec(token)?.[0] : undefined;
    if (up !== undefined) {
      row = Math.max(0, row - Number(up));
    } else if (token === "\x1b[2K") {
      rows[row] = "";
    } else if (token === "\x1b[J") {
      rows.length = row;
      rows[row] = "";
    } else if (token === "\n") {
      row += 1;
      rows[row] ??= "";
    } else if (token !== "\r") {
      rows[row] += token;
    }
  }
  return rows.filter((line) => line !== "");
}

function recorder(terminal: Partial<TextOutput> = {}): TextOutput & { readonly text: () => string } {
  let written = "";
  return { ...terminal, write: (text: string) => (written += text), text: () => written };
}

const TERMINAL = { isTTY: true, columns: 80, rows: 20 } as const;

describe("progress into a pipe", () => {
  test("is one line for each change, without any control sequence", () => {
    const output = recorder();
    const display = createProgressDisplay(output, [node("core-01"), node("core-02")]);
    display.update(node("core-01"));
    display.tick(500);
    display.update(node("core-02"));
    display.update(node("core-01", { stage: "dhcp", stageAt: 2300 }));
    display.print(["boot server: disk full"]);
    expect(output.text()).toBe(
      [
        "core-01    0.0 s  powered on",
        "core-02    0.0 s  powered on",
        "core-01    2.3 s  DHCP 10.77.0.11",
        "boot server: disk full",
        "",
      ].join("\n"),
    );
  });

  test("does not repeat what has not changed", () => {
    const output = recorder();
    const display = createProgressDisplay(output, [node("core-01")]);
    display.update(node("core-01", { stage: "dhcp", stageAt: 1000 }));
    display.update(node("core-01", { stage: "dhcp", stageAt: 2000 }));
    expect(output.text()).toBe("core-01    1.0 s  DHCP 10.77.0.11\n");
  });
});

describe("progress on a terminal", () => {
  test("is one line for each node, redrawn in place", () => {
    const output = recorder(TERMINAL);
    const display = createProgressDisplay(output, [node("core-01"), node("core-02")]);
    display.update(node("core-01", { stage: "dhcp", stageAt: 2300 }));
    display.update(node("core-02", { stage: "kernel", stageAt: 4000 }));
    display.tick(5000);
    expect(screen(output.text())).toEqual(["core-01    5.0 s  DHCP 10.77.0.11", "core-02    5.0 s  kernel"]);
  });

  test("goes below what is printed meanwhile", () => {
    const output = recorder(TERMINAL);
    const display = createProgressDisplay(output, [node("core-01"), node("core-02")]);
    display.print(["Machines are emulated."]);
    display.update(node("core-01"));
    display.print(["boot server: one", "boot server: two"]);
    expect(screen(output.text())).toEqual([
      "Machines are emulated.",
      "boot server: one",
      "boot server: two",
      "core-01    0.0 s  powered on",
      "core-02    0.0 s  powered on",
    ]);
  });

  test("stays as it is when it is finished", () => {
    const output = recorder(TERMINAL);
    const display = createProgressDisplay(output, [node("core-01")]);
    display.update(node("core-01", { stage: "running", stageAt: 3000 }));
    display.finish();
    display.tick(9000);
    display.update(node("core-01"));
    display.print(["NODE", "core-01"]);
    expect(screen(output.text())).toEqual(["core-01    3.0 s  running", "NODE", "core-01"]);
  });

  test("is plain lines where the nodes do not fit on the screen", () => {
    const output = recorder({ ...TERMINAL, rows: 2 });
    const display = createProgressDisplay(output, [node("core-01"), node("core-02")]);
    display.update(node("core-01"));
    expect(output.text()).toBe("core-01    0.0 s  powered on\n");
  });
});
