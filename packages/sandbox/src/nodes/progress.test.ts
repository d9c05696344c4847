import { describe, expect, test } from "vitest";
import type { NodeState } from "./node-state.ts";
import { liveLine, progressLine } from "./progress.ts";

const NODE: NodeState = {
  name: "core-01",
  mac: "52:54:00:77:00:01",
  address: "10.77.0.11",
  role: "manager",
  stage: "powered on",
  poweredOnAt: 1000,
  stageAt: 1000,
  unitsOk: 0,
  restarts: 0,
};

describe("a line of progress", () => {
  test.each<[Partial<NodeState>, string]>([
    [{}, "core-01    0.0 s  powered on"],
    [{ stage: "dhcp", stageAt: 3300 }, "core-01    2.3 s  DHCP 10.77.0.11"],
    [{ stage: "ipxe", stageAt: 3400 }, "core-01    2.4 s  iPXE"],
    [{ stage: "kernel", stageAt: 4000 }, "core-01    3.0 s  kernel"],
    [{ stage: "ignition", stageAt: 11_000 }, "core-01   10.0 s  Ignition"],
    [{ stage: "agent", stageAt: 26_000 }, "core-01   25.0 s  agent"],
    [
      { stage: "unit", stageAt: 27_000, unit: { name: "greeter.service", index: 1, total: 3 } },
      "core-01   26.0 s  unit 1/3 greeter.service",
    ],
    [{ stage: "running", stageAt: 131_500, unitsOk: 3, unitsTotal: 3 }, "core-01  130.5 s  running, 3/3 units"],
    [{ stage: "kernel", stageAt: 9000, restarts: 2 }, "core-01    8.0 s  kernel (restarted 2 times)"],
    [
      {
        stage: "failed",
        stageAt: 9000,
        failure: { reason: "exit code 1", failedUnit: "greeter.service", journal: [] },
      },
      "core-01    8.0 s  failed: greeter.service: exit code 1",
    ],
  ])("tells %j", (state, line) => {
    expect(progressLine({ ...NODE, ...state })).toBe(line);
  });

  test("has no time for a node that was never powered on", () => {
    expect(progressLine({ ...NODE, stage: "off", poweredOnAt: undefined })).toBe("core-01           off");
  });

  test("shows nothing of what a node sends that a terminal would obey", () => {
    const failure = { reason: "\x1b]0;pwned\x07\x1b[2Jgone\nnext", journal: [] };
    expect(progressLine({ ...NODE, stage: "failed", failure })).toBe(
      "core-01    0.0 s  failed:  ]0;pwned [2Jgone next",
    );
  });
});

describe("a live line", () => {
  test("counts the seconds of a node on its way", () => {
    expect(liveLine({ ...NODE, stage: "kernel" }, 61_000, 80)).toBe("core-01   60.0 s  kernel");
  });

  test("keeps the seconds of a node that is settled", () => {
    expect(liveLine({ ...NODE, stage: "running", stageAt: 31_000 }, 99_000, 80)).toBe("core-01   30.0 s  running");
  });

  test("is cut to the width of the terminal", () => {
    const unit = { name: `${"long-".repeat(30)}name.service`, index: 1, total: 3 };
    const line = liveLine({ ...NODE, stage: "unit", unit }, 1000, 40);
    expect(line).toHaveLength(39);
    expect(line.endsWith("…")).toBe(true);
  });
});
