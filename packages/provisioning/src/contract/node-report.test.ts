import { describe, expect, test } from "vitest";
import { type NodeReport, nodeReportSchema } from "./node-report.ts";

const base = {
  machine: "core-01",
  mac: "52:54:00:77:00:01",
  bootId: "7c3b1b1e-0a52-4c0b-9d65-6f9d3b3e6f10",
  sequence: 1,
  at: "2026-11-20T10:00:00.000Z",
  agentVersion: "0.1.0",
};
const revision = "0123456789abcdef0123456789abcdef01234567";
const unit = { unit: "etcd.service", index: 1, total: 3 };

const reports: readonly NodeReport[] = [
  { ...base, kind: "agent-started", role: "manager", repo: { url: "http://10.77.0.1/git/config.git", ref: "main" } },
  { ...base, kind: "repo-synced", revision, units: ["etcd.service", "nano@1.service"] },
  { ...base, kind: "unit-started", ...unit },
  { ...base, kind: "unit-finished", ...unit, outcome: "active", seconds: 0.7 },
  { ...base, kind: "unit-finished", ...unit, outcome: "failed", seconds: 0.7, journal: ["boom"], reason: "exit-code" },
  { ...base, kind: "run-finished", outcome: "running", revision, unitsOk: 3, unitsTotal: 3, seconds: 2 },
  { ...base, kind: "run-finished", outcome: "failed", reason: "no repo", unitsOk: 0, unitsTotal: 0, seconds: 2 },
];

describe("SW-38, SW-75: a node report", () => {
  test.each(reports)("survives the journey as JSON: $kind", (report) => {
    expect(nodeReportSchema.parse(JSON.parse(JSON.stringify(report)))).toEqual(report);
  });

  test("loses keys the server does not know, and is taken", () => {
    const [started] = reports;
    expect(nodeReportSchema.parse({ ...started, fromTheFuture: true })).toEqual(started);
  });

  test.each([
    ["an unknown kind", { ...base, kind: "unit-exploded" }],
    ["no kind", base],
    ["a sequence that begins at 0", { ...reports[2], sequence: 0 }],
    ["a unit that is none", { ...reports[2], unit: "../x" }],
    ["a short commit id", { ...reports[1], revision: "0123456" }],
    ["a local time", { ...reports[2], at: "2026-11-20 10:00" }],
    ["a journal of 51 lines", { ...reports[4], journal: Array.from({ length: 51 }, () => "x") }],
    ["a journal line of 501 characters", { ...reports[4], journal: ["x".repeat(501)] }],
    ["a report as text", "agent-started"],
  ])("is refused with %s", (_what, report) => {
    expect(nodeReportSchema.safeParse(report).success).toBe(false);
  });
});
