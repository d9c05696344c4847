import type { UnitState } from "../systemd/unit-state.ts";
import type { DesiredUnit, UnitFile } from "./desired-unit.ts";

export type UnitAction = "start" | "restart" | "keep";

/** It runs as it should, or has run in this boot, and is left alone. */
export interface KeptUnit {
  readonly unit: string;
  readonly action: "keep";
  readonly outcome: "active" | "finished";
}

export interface ChangedUnit {
  readonly unit: string;
  readonly action: "start" | "restart";
  /** Companions that run an old definition and have to go before the unit is started again. */
  readonly stopFirst: readonly string[];
  /** It has failed before, and systemd must forget that or its start limit may count. */
  readonly forgetFailure: boolean;
  /** How often `Restart=` had already brought it back: only more than that says something about this start. */
  readonly restartsBefore: number;
}

export type PlannedUnit = KeptUnit | ChangedUnit;

/** What has to change. Converged is: nothing to install, every unit `keep`. */
export interface Plan {
  readonly install: readonly UnitFile[];
  readonly units: readonly PlannedUnit[];
}

/** What is there now. */
export interface ActualState {
  /** Content by name of the unit files in systemd's directory; a file that is not there has no entry. */
  readonly installed: ReadonlyMap<string, string>;
  /** By unit, for the listed ones and their companions. */
  readonly states: ReadonlyMap<string, UnitState>;
}

/** Desired x actual -> changes, in the order of the list. Pure. */
export function planUnits(desired: readonly DesiredUnit[], actual: ActualState): Plan {
  const install = new Map<string, UnitFile>();
  const units = desired.map((each): PlannedUnit => {
    const changed = each.files.filter((file) => actual.installed.get(file.name) !== file.content);
    for (const file of changed) install.set(file.name, file);
    return planUnit(each, changed.length > 0, actual.states);
  });
  return { install: [...install.values()], units };
}

function planUnit(
  { unit, companions }: DesiredUnit,
  changed: boolean,
  states: ReadonlyMap<string, UnitState>,
): PlannedUnit {
  const state = states.get(unit);
  if (state === undefined || !isUp(state)) {
    return {
      unit,
      action: "start",
      stopFirst: [],
      forgetFailure: state?.activeState === "failed",
      // From rest systemd counts anew; a unit it is just bringing back keeps its count.
      restartsBefore: state?.activeState === "activating" ? (state.restarts ?? 0) : 0,
    };
  }
  if (!changed) return { unit, action: "keep", outcome: state.subState === "exited" ? "finished" : "active" };
  const stopFirst = companions.filter((companion) => isUp(states.get(companion)));
  return { unit, action: "restart", stopFirst, forgetFailure: false, restartsBefore: 0 };
}

function isUp(state: UnitState | undefined): boolean {
  return state?.activeState === "active" || state?.activeState === "reloading";
}
