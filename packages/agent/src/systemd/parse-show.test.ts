import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { parseShow } from "./parse-show.ts";

/** systemd 252 (Debian 12) in a container, asked for six units in the states that matter here. */
const recorded = readFileSync(join(import.meta.dirname, "../../testdata/systemctl-show-252.txt"), "utf8");
const units = ["node-prepare.service", "a7.service", "node-health.socket", "nope.service", "b5.service", "a4.service"];

describe("what systemctl show says", () => {
  const states = new Map(parseShow(recorded, units).map((state) => [state.unit, state]));

  test("a oneshot that has run is active (exited)", () => {
    expect(states.get("node-prepare.service")).toMatchObject({
      loadState: "loaded",
      activeState: "active",
      subState: "exited",
      type: "oneshot",
      result: "success",
      conditions: "held",
    });
  });

  test("a failed service tells how it failed and how often it was restarted", () => {
    expect(states.get("a4.service")).toMatchObject({
      activeState: "failed",
      result: "exit-code",
      mainStatus: 7,
      restarts: 4,
    });
  });

  test("a socket has no type, status or restarts", () => {
    expect(states.get("node-health.socket")).toMatchObject({
      activeState: "active",
      subState: "listening",
      type: undefined,
      mainStatus: undefined,
      restarts: undefined,
    });
  });

  test("a unit that does not exist is not found, and nothing is known of its conditions", () => {
    expect(states.get("nope.service")).toMatchObject({
      loadState: "not-found",
      activeState: "inactive",
      conditions: "unknown",
      after: [],
    });
  });

  test("SW-64: the units that a unit is ordered after are all there", () => {
    expect(states.get("b5.service")?.after.toSorted()).toEqual([
      "basic.target",
      "railhead-agent.service",
      "sysinit.target",
      "system.slice",
      "systemd-journald.socket",
    ]);
  });

  test("an answer for fewer units than were asked for is an error", () => {
    expect(() => parseShow(recorded, [...units, "more.service"])).toThrow("answered for 6 of 7 units");
  });

  test("an answer without a state is an error", () => {
    expect(() => parseShow("LoadState=loaded\n", ["a.service"])).toThrow("did not tell ActiveState of a.service");
  });
});
