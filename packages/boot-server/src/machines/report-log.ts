import type { RecordStore } from "@railhead/provisioning";
import { type NodeReport, nodeReportSchema } from "@railhead/provisioning/contract";
import { z } from "zod";

/** A machine's last reports, oldest first. */
export type MachineReports = readonly NodeReport[];

/** Enough for a few runs of a long unit list; older reports are dropped. */
const MOST_REPORTS = 200;

/** @throws Error when the value is no list of reports */
export function parseMachineReports(value: unknown): MachineReports {
  return z.array(nodeReportSchema).parse(value);
}

/** Keeps what the agents report, word for word, for the last runs of each machine. */
export async function keepReport(store: RecordStore<MachineReports>, report: NodeReport): Promise<void> {
  const former = store.get(report.machine) ?? [];
  const known = former.some(
    ({ bootId, sequence, at }) => bootId === report.bootId && sequence === report.sequence && at === report.at,
  );
  if (!known) await store.put(report.machine, [...former, report].slice(-MOST_REPORTS));
}
