import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { down, up } from "../../testing/model-machine.ts";
import type { UnitState } from "../systemd/unit-state.ts";
import type { DesiredUnit } from "./desired-unit.ts";
import { type ActualState, planUnits } from "./plan.ts";

function desired(unit: string, content = "new", companions: readonly string[] = []): DesiredUnit {
  return { unit, files: [unit, ...companions].map((name) => ({ name, content })), companions };
}

function actual(installed: Record<string, string>, states: Record<string, UnitState>): ActualState {
  return { installed: new Map(Object.entries(installed)), states: new Map(Object.entries(states)) };
}

describe("a plan", () => {
  test("installs and starts what is not there", () => {
    expect(planUnits([desired("a.service")], actual({}, { "a.service": down }))).toEqual({
      install: [{ name: "a.service", content: "new" }],
      units: [{ unit: "a.service", action: "start", stopFirst: [], forgetFailure: false, restartsBefore: 0 }],
    });
  });

  test("keeps a oneshot that has run as finished, and a service that runs as active", () => {
    const states = { "a.service": { ...up, subState: "exited" }, "b.service": up };
    const { units } = planUnits(
      [desired("a.service"), desired("b.service")],
      actual({ "a.service": "new", "b.service": "new" }, states),
    );
    expect(units).toEqual([
      { unit: "a.service", action: "keep", outcome: "finished" },
      { unit: "b.service", action: "keep", outcome: "active" },
    ]);
  });

  test("installs a file that two instances share once", () => {
    const template = { name: "a@.service", content: "new" };
    const instances = ["a@1.service", "a@2.service"].map((unit) => ({ unit, files: [template], companions: [] }));
    expect(planUnits(instances, actual({}, {})).install).toEqual([template]);
  });

  test("stops the running service of a changed socket first, which systemd would not restart otherwise", () => {
    const states = { "a.socket": up, "a.service": up };
    const plan = planUnits(
      [desired("a.socket", "new", ["a.service"])],
      actual({ "a.socket": "new", "a.service": "old" }, states),
    );
    expect(plan.units).toEqual([
      { unit: "a.socket", action: "restart", stopFirst: ["a.service"], forgetFailure: false, restartsBefore: 0 },
    ]);
  });

  test("remembers the restarts of a unit that systemd is just bringing back", () => {
    const states = { "a.service": { ...down, activeState: "activating", restarts: 4 } };
    expect(planUnits([desired("a.service")], actual({}, states)).units).toMatchObject([
      { action: "start", restartsBefore: 4 },
    ]);
  });
});

describe("any plan", () => {
  const names = ["a.service", "b.timer", "c.socket", "d@1.service", "e.service"];
  const anyState = fc.constantFrom<UnitState>(
    down,
    up,
    { ...up, subState: "exited" },
    { ...down, activeState: "failed" },
  );
  const anyCase = fc.record({
    units: fc.shuffledSubarray(names),
    installed: fc.dictionary(fc.constantFrom(...names, "foreign.service"), fc.constantFrom("old", "new")),
    states: fc.dictionary(fc.constantFrom(...names, "foreign.service"), anyState),
  });

  test("keeps the list's order, touches no other unit, and once carried out leaves nothing to do", () => {
    fc.assert(
      fc.property(anyCase, ({ units, installed, states }) => {
        const wanted = units.map((unit) => desired(unit));
        const before = actual(installed, states);
        const plan = planUnits(wanted, before);
        expect(plan.units.map(({ unit }) => unit)).toEqual(units);
        expect(plan.install.filter(({ name }) => !units.includes(name))).toEqual([]);

        const after: ActualState = {
          installed: new Map([
            ...before.installed,
            ...plan.install.map(({ name, content }) => [name, content] as const),
          ]),
          states: new Map([
            ...before.states,
            ...plan.units.filter(({ action }) => action !== "keep").map(({ unit }) => [unit, up] as const),
          ]),
        };
        const again = planUnits(wanted, after);
        expect(again.install).toEqual([]);
        expect(again.units.filter(({ action }) => action !== "keep")).toEqual([]);
      }),
    );
  });
});
