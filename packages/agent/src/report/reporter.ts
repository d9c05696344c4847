import type { NodeReport } from "@railhead/provisioning/contract";
import { messageOf } from "../agent-error.ts";
import type { Clock } from "../clock.ts";
import type { Log } from "../log.ts";
import type { ReportSink } from "./report-sink.ts";

/** What every report of one run says about where it comes from. */
export type ReportIdentity = Pick<NodeReport, "machine" | "mac" | "bootId" | "agentVersion">;

type WithoutBase<R> = R extends unknown ? Omit<R, keyof ReportIdentity | "sequence" | "at"> : never;

/** A report without what the reporter fills in. */
export type ReportBody = WithoutBase<NodeReport>;

/** Tells the boot server how the run goes. Nothing here ever fails the run or keeps it waiting. */
export interface Reporter {
  /** Queues a report; reports arrive in the order they were made. */
  report(body: ReportBody): void;
  /** Waits until all have been sent, or for the grace time at most, and logs what was lost. */
  close(): Promise<void>;
}

interface ReporterOptions {
  readonly identity: ReportIdentity;
  readonly sink: ReportSink;
  readonly clock: Clock;
  readonly log: Log;
}

/** What the reports may add to the end of a run: a server that is down must not hold a machine up. */
const GRACE_MS = 5_000;
const FIRST_RETRY_MS = 200;
const LONGEST_RETRY_MS = 2_000;

/** Sends reports one after the other in the background, each until the server has taken or refused it. */
export function createReporter({ identity, sink, clock, log }: ReporterOptions): Reporter {
  const giveUp = new AbortController();
  const queue: NodeReport[] = [];
  let sequence = 0;
  let lastError = "";
  let sending = Promise.resolve();

  async function deliver(report: NodeReport): Promise<boolean> {
    for (let retryMs = FIRST_RETRY_MS; !giveUp.signal.aborted; retryMs = Math.min(retryMs * 2, LONGEST_RETRY_MS)) {
      try {
        const outcome = await sink.send(report, giveUp.signal);
        if (outcome.kind === "refused") log({ event: "report-refused", kind: report.kind, status: outcome.status });
        return true;
      } catch (error) {
        // Once we have given up, the error is our own doing and says nothing about the server.
        if (!giveUp.signal.aborted) lastError = messageOf(error);
        await clock.sleep(retryMs, giveUp.signal);
      }
    }
    return false;
  }

  async function drain(): Promise<void> {
    for (let report = queue[0]; report !== undefined; report = queue[0]) {
      if (!(await deliver(report))) return;
      queue.shift();
    }
  }

  return {
    report(body) {
      const idle = queue.length === 0;
      queue.push({ ...identity, sequence: ++sequence, at: clock.now().toISOString(), ...body });
      if (idle) sending = sending.then(drain);
    },
    async close() {
      const sent = new AbortController();
      const grace = clock.sleep(GRACE_MS, sent.signal).then(() => giveUp.abort());
      await sending;
      sent.abort();
      await grace;
      if (queue.length > 0) log({ event: "reports-lost", count: queue.length, reason: lastError || "no answer" });
    },
  };
}

/** For a machine without a boot server. */
export const silentReporter: Reporter = { report: () => undefined, close: async () => undefined };
