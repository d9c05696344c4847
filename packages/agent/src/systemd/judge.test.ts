import { describe, expect, test } from "vitest";
import { down, up } from "../../testing/model-machine.ts";
import { judgeUnit, needsConditions, needsSettling } from "./judge.ts";
import type { UnitState } from "./unit-state.ts";

const done = { kind: "done" } as const;
const oneshot: Partial<UnitState> = { type: "oneshot" };

describe("after a start that systemd calls done, a unit", () => {
  test.each([
    ["is active when it runs", { ...up }, { outcome: "active" }],
    ["is active while it reloads", { ...up, activeState: "reloading" }, { outcome: "active" }],
    ["is active as a socket that listens", { ...up, subState: "listening", type: undefined }, { outcome: "active" }],
    ["has finished as a oneshot that stays", { ...up, ...oneshot, subState: "exited" }, { outcome: "finished" }],
    ["has finished as a oneshot that went", { ...down, ...oneshot }, { outcome: "finished" }],
    [
      "has finished as a oneshot that systemd has unloaded since",
      { ...down, ...oneshot, conditions: "unknown" },
      { outcome: "finished" },
    ],
    [
      "has finished when its conditions skipped it",
      { ...down, conditions: "unmet" },
      { outcome: "finished", reason: "skipped: its conditions do not hold" },
    ],
    [
      "has failed when it ended with success but is no oneshot",
      { ...down, type: "simple" },
      { outcome: "failed", reason: "ended at once, and only a oneshot may: inactive (dead)" },
    ],
    [
      "has failed when it died",
      { ...down, activeState: "failed", subState: "failed", result: "signal", mainStatus: 9 },
      { outcome: "failed", reason: "failed after it was started: result signal, status 9" },
    ],
    [
      "has failed when Restart= is at work",
      { ...down, activeState: "activating", subState: "auto-restart", result: "exit-code", mainStatus: 7 },
      { outcome: "failed", reason: "ends again and again: activating (auto-restart), result exit-code, status 7" },
    ],
    [
      "has failed when Restart= has been at work",
      { ...up, restarts: 2 },
      { outcome: "failed", reason: "ended and was started again: active (running), restarts 2" },
    ],
  ] as const)("%s", (_what, state, verdict) => {
    expect(judgeUnit(done, state, 0)).toEqual(verdict);
  });

  test("is not blamed for the restarts before this start", () => {
    expect(judgeUnit(done, { ...up, restarts: 2 }, 2)).toEqual({ outcome: "active" });
  });
});

test.each([
  [{ kind: "timed-out" }, "not done within its time; it was inactive (dead)"],
  [{ kind: "interrupted" }, "the agent was stopped while it waited for the unit"],
  [
    { kind: "refused", message: "Unit x has a bad unit file setting." },
    "Unit x has a bad unit file setting: inactive (dead)",
  ],
] as const)("a start that ended as %j has failed", (job, reason) => {
  expect(judgeUnit(job, down, 0)).toEqual({ outcome: "failed", reason });
});

test.each([
  ["simple", true],
  ["exec", true],
  ["idle", true],
  ["notify", false],
  ["forking", false],
  ["dbus", false],
  ["oneshot", false],
] as const)("a running service of type %s has to be looked at again: %j", (type, again) => {
  expect(needsSettling({ ...up, type })).toBe(again);
});

test.each([
  ["is up", { ...up, conditions: "unknown" }, false],
  ["is down and its conditions are known", down, false],
  ["is down and its conditions are forgotten", { ...down, conditions: "unknown" }, true],
  ["is a oneshot that is down", { ...down, ...oneshot, conditions: "unknown" }, false],
] as const)("of a unit that %s, systemd has to be asked for the conditions: %#", (_what, state, ask) => {
  expect(needsConditions(state)).toBe(ask);
});
