import type { ReportSink } from "./report-sink.ts";

/** A server that has not answered after this long is tried again. */
const ANSWER_MS = 5_000;

/** Statuses of the 4xx kind that mean "later" all the same. */
const LATER_STATUSES = [408, 425, 429];

/** POSTs reports as JSON to `${server}/reports`. */
export function createHttpReportSink(server: string): ReportSink {
  return {
    async send(report, signal) {
      const response = await fetch(`${server}/reports`, {
        method: "POST",
        headers: { "content-type": "application/json" },
        body: JSON.stringify(report),
        redirect: "manual",
        signal: AbortSignal.any([signal, AbortSignal.timeout(ANSWER_MS)]),
      });
      // An unread body keeps its connection from being used again.
      await response.arrayBuffer();
      if (response.ok) return { kind: "accepted" };
      if (response.status < 500 && !LATER_STATUSES.includes(response.status)) {
        return { kind: "refused", status: response.status };
      }
      throw new Error(`the boot server answered with status ${response.status}`);
    },
  };
}
