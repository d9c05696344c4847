import type { Machine } from "@railhead/provisioning";
import type { MacAddress } from "@railhead/wire";
import type { Answer } from "../http/answer.ts";
import { type MachineAnswers, machineAnswers } from "../http/machine-answers.ts";
import type { MachineQuery } from "../http/machine-request.ts";
import type { ContextParts } from "../http/template-context.ts";
import type { Snapshot } from "../inventory/snapshot.ts";
import type { Settings } from "../settings/schema.ts";

/** What the answers are made with, beside the data directory. */
export type CheckParts = Pick<ContextParts, "settings" | "agents">;

/** A declared machine whose boot script or config cannot be made: it would be answered with a 500. */
export interface MachineFailure {
  readonly machine: Machine;
  readonly what: CheckedAnswer;
  readonly message: string;
}

const CHECKED = ["ipxe", "ignition"] as const;
type CheckedAnswer = (typeof CHECKED)[number];

/**
 * Makes the boot script and the Ignition config of declared machines, as they are made when a machine asks, and
 * tells which fail. A machine that nothing is meant for is none of these: that is an answer, too.
 */
export function checkMachines(
  parts: CheckParts,
  snapshot: Snapshot,
  machines: readonly Machine[] = snapshot.inventory.machines,
): readonly MachineFailure[] {
  const answer = answering(parts);
  return machines.flatMap((machine) =>
    CHECKED.flatMap((what) => {
      const { refusal, status } = answer(what, machine, snapshot);
      return refusal === undefined || status < 500 ? [] : [{ machine, what, message: refusal.message }];
    }),
  );
}

/** Of the failures in a fresh snapshot those whose machine gets an answer out of the former one. */
export function brokenByEdit(
  parts: CheckParts,
  failures: readonly MachineFailure[],
  former: Snapshot,
): readonly MachineFailure[] {
  const answer = answering(parts);
  return failures.filter(({ machine, what }) => {
    const before = former.inventory.machineByName.get(machine.name);
    return before !== undefined && answer(what, before, former).status === 200;
  });
}

/** One line for each different failure, with the machines that have it. */
export function describeFailures(failures: readonly MachineFailure[]): readonly string[] {
  const byMessage = Map.groupBy(failures, ({ message }) => message);
  return [...byMessage].map(([message, [first, ...others]]) => {
    const more = others.length === 0 ? "" : ` and ${others.length} more`;
    return `${message} (for ${first?.machine.name}${more})`;
  });
}

/** Without those of finished configs that are told of already, line by line. */
export function besides(failures: readonly MachineFailure[], files: Iterable<string>): readonly MachineFailure[] {
  const told = [...files].map((file) => `ignition/${file}:`);
  return failures.filter(({ message }) => !told.some((start) => message.startsWith(start)));
}

function answering(parts: CheckParts) {
  const address = standInAddress(parts.settings());
  const answers: MachineAnswers = machineAnswers({ ...parts, addressOf: () => address });
  return (what: CheckedAnswer, machine: Machine, snapshot: Snapshot): Answer =>
    answers[what](queryOf(machine, parts.settings()), snapshot);
}

/**
 * What iPXE says of a machine when it first asks. Its own words stay empty: they select no group, and a template that
 * prints them prints something.
 */
function queryOf({ macs }: Machine, settings: Settings): MachineQuery {
  const mac: MacAddress | undefined = macs[0];
  const query = { uuid: "", mac: mac ?? "", domain: "", hostname: "", serial: "", arch: "" };
  const { address } = settings.http;
  return {
    query,
    rawQuery: new URLSearchParams(query).toString(),
    serverAddress: address === "0.0.0.0" ? (settings.networks[0]?.serverAddress ?? "127.0.0.1") : address,
  };
}

/** For a machine without a reservation, which has an address out of a pool by the time it asks. */
function standInAddress({ networks }: Settings) {
  return networks.find(({ pool }) => pool !== undefined)?.pool?.first;
}
