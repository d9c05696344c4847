import { expect, test } from "vitest";
import type { NodeState } from "./node-state.ts";
import { diagnosisLines, nodeTable } from "./node-table.ts";

const RUNNING: NodeState = {
  name: "core-01",
  mac: "52:54:00:77:00:01",
  address: "10.77.0.11",
  role: "manager",
  stage: "running",
  poweredOnAt: 1000,
  stageAt: 42_250,
  unitsOk: 3,
  unitsTotal: 3,
  revision: "0123456789abcdef",
  restarts: 0,
};
const FAILED: NodeState = {
  ...RUNNING,
  name: "core-02",
  mac: "52:54:00:77:00:02",
  address: "10.77.0.12",
  role: "worker",
  stage: "failed",
  unitsOk: 1,
  failure: { reason: "exit code 1", failedUnit: "greeter.service", journal: ["starting", "no such file"] },
};
const BOOTING: NodeState = {
  ...RUNNING,
  name: "core-03",
  stage: "kernel",
  unitsOk: 0,
  unitsTotal: undefined,
  revision: undefined,
};

test("the table shows who the nodes are and what has become of them", () => {
  expect(nodeTable([RUNNING, FAILED, BOOTING]).join("\n")).toMatchInlineSnapshot(`
    "NODE     MAC                ADDRESS     ROLE     STATE    UNITS                REVISION  BOOT
    core-01  52:54:00:77:00:01  10.77.0.11  manager  running  3 of 3 ok            0123456   41.3 s
    core-02  52:54:00:77:00:02  10.77.0.12  worker   failed   1 of 3 ok, 1 failed  0123456   41.3 s
    core-03  52:54:00:77:00:01  10.77.0.11  manager  kernel   -                    -         -"
  `);
});

test("a failed unit is diagnosed by its journal", () => {
  expect(diagnosisLines(FAILED, ["console"])).toEqual([
    "core-02 is not running: failed",
    "  failed unit: greeter.service",
    "  reason: exit code 1",
    "  journal of greeter.service:",
    "    starting",
    "    no such file",
  ]);
});

test("a node that is late is diagnosed by its console", () => {
  expect(diagnosisLines(BOOTING, ["iPXE 1.21.1", "No more network devices"])).toEqual([
    "core-03 is not running: kernel",
    "  end of its console:",
    "    iPXE 1.21.1",
    "    No more network devices",
  ]);
});

test("a silent node is said to be silent", () => {
  expect(diagnosisLines(BOOTING, []).at(-1)).toBe("    (nothing was printed)");
});

test("what a node says of its failure cannot command the terminal that shows it", () => {
  const failure = {
    reason: "exit\u001b[2J 1",
    failedUnit: "a.service",
    journal: ["one\u001b]0;title\u0007", "two\r\nthree"],
  };
  const node = { ...FAILED, failure };
  const codes = Array.from(diagnosisLines(node, []).join(""), (character) => character.codePointAt(0) ?? 0);
  expect(codes.filter((code) => code < 0x20 || (code >= 0x7f && code < 0xa0))).toEqual([]);
});
