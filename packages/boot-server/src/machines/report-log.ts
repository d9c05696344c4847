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
export class ReportLog {
  readonly #store: RecordStore<MachineReports>;
  /** Ahead of the store while a write is under way: two reports at once must not lose one another. */
  readonly #latest: Map<string, MachineReports>;

  constructor(store: RecordStore<MachineReports>) {
    this.#store = store;
    this.#latest = new Map(store.all());
  }

  /** Resolves when the report is on disk; one that is there already is not kept twice. */
  async keep(report: NodeReport): Promise<void> {
    const former = this.#latest.get(report.machine) ?? [];
    const known = former.some(
      ({ bootId, sequence, at }) => bootId === report.bootId && sequence === report.sequence && at === report.at,
    );
    if (known) return;
    const reports = [...former, report].slice(-MOST_REPORTS);
    this.#latest.set(report.machine, reports);
    try {
      await this.#store.put(report.machine, reports);
    } catch (error) {
      // The agent will send it again, and then it must not count as known.
      this.#latest.set(
        report.machine,
        (this.#latest.get(report.machine) ?? []).filter((kept) => kept !== report),
      );
      throw error;
    }
  }
}
