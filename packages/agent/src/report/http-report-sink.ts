import { messageOf } from "../agent-error.ts";
import type { ReportSink } from "./report-sink.ts";

/** A server that has not answered after this long is tried again. */
const ANSWER_MS = 5_000;

/** Statuses of the 4xx kind that mean "later" all the same. */
const LATER_STATUSES = [408, 425, 429];

/** POSTs reports as JSON to `${server}/reports`. */
export function createHttpReportSink(server: string): ReportSink {
  return {
    async send(report, signal) {
      const response = await post(`${server}/reports`, JSON.stringify(report), signal);
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

async function post(url: string, body: string, signal: AbortSignal): Promise<Response> {
  try {
    return await fetch(url, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body,
      redirect: "manual",
      signal: AbortSignal.any([signal, AbortSignal.timeout(ANSWER_MS)]),
    });
  } catch (cause) {
    // fetch itself only says "fetch failed"; why is one level down.
    const why = cause instanceof Error && cause.cause !== undefined ? cause.cause : cause;
    throw new Error(`${url}: ${messageOf(why)}`, { cause });
  }
}
