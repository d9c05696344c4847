import { identify, type Machine, select } from "@railhead/provisioning";
import type { Snapshot } from "../inventory/snapshot.ts";

/** Comparisons of a machine with a group: about a quarter of a second's worth. */
const MOST_COMPARISONS = 2_000_000;
/** Machines that all renderings together may list, as `cluster.machines` does: about half a second's worth. */
const MOST_LISTED = 100_000;

/**
 * The machines that stand for all others when an edit is looked at.
 *
 * A template sees a machine through its group, its role and which of its facts are declared. Machines that are alike
 * in all that fail together, so one of each kind is rendered: first one of every group, then the other kinds. The work
 * is bounded, because 50,000 machines have to be reloaded within two seconds: what exceeds the bound is found by
 * `railhead check`, which renders every machine, and answered with a 500 when such a machine asks.
 */
export function sampleMachines({ inventory }: Snapshot): readonly Machine[] {
  const { groups, machines } = inventory;
  const stride = Math.ceil((machines.length * Math.max(1, groups.length)) / MOST_COMPARISONS);
  const kinds = new Map<string, Map<string, Machine>>();
  for (let index = 0; index < machines.length; index += Math.max(1, stride)) {
    const machine = machines[index];
    if (machine === undefined) continue;
    const group = groupOf(machine);
    if (group === undefined) continue;
    const ofGroup = kinds.get(group) ?? new Map<string, Machine>();
    kinds.set(group, ofGroup);
    const kind = kindOf(machine);
    if (!ofGroup.has(kind)) ofGroup.set(kind, machine);
  }
  const inTurn = [...kinds.values()].flatMap((ofGroup) =>
    [...ofGroup.values()].map((machine, turn) => ({ machine, turn })),
  );
  return inTurn
    .toSorted((a, b) => a.turn - b.turn)
    .slice(0, Math.max(1, Math.floor(MOST_LISTED / Math.max(1, machines.length))))
    .map(({ machine }) => machine);

  function groupOf({ macs }: Machine): string | undefined {
    const identified = identify(inventory, { mac: macs[0] ?? "" });
    if ("reason" in identified) return undefined;
    const selection = select(inventory, identified.requester);
    return "group" in selection ? selection.group.id : undefined;
  }
}

function kindOf({ address, boot, labels, role, serial, uuid }: Machine): string {
  const declared = [address, serial, uuid].map((fact) => (fact === undefined ? 0 : 1)).join("");
  return [boot, role ?? "", declared, ...Object.keys(labels).toSorted()].join(" ");
}
