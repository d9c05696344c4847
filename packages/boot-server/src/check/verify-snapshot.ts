import type { Verdict } from "../inventory/data-directory.ts";
import type { Snapshot } from "../inventory/snapshot.ts";
import { besides, brokenByEdit, type CheckParts, checkMachines, describeFailures } from "./check-machines.ts";
import { sampleMachines } from "./sample-machines.ts";

/** Looks at what a snapshot serves: finished configs, and what declared machines get (see `sampleMachines`). */
export function verifySnapshot(parts: CheckParts, fresh: Snapshot, former: Snapshot | undefined): Verdict {
  const failures = checkMachines(parts, fresh, sampleMachines(fresh));
  const broken = former === undefined ? [] : brokenByEdit(parts, failures, former);
  const brokenFiles = [...fresh.unfit.keys()].filter(
    (file) => former?.ignition.has(file) === true && !former.unfit.has(file),
  );
  return {
    broken: [...problemsOf(brokenFiles, fresh), ...describeFailures(besides(broken, brokenFiles))],
    failing: [...problemsOf(fresh.unfit.keys(), fresh), ...describeFailures(besides(failures, fresh.unfit.keys()))],
  };
}

function problemsOf(files: Iterable<string>, { unfit }: Snapshot): readonly string[] {
  return [...files].flatMap((file) => unfit.get(file) ?? []);
}
