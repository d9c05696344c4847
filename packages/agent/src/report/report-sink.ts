import type { NodeReport } from "@railhead/provisioning/contract";

/** `refused`: the server has understood the report and does not want it, so sending it again is in vain. */
export type SendOutcome = { readonly kind: "accepted" } | { readonly kind: "refused"; readonly status: number };

/** Where reports go. */
export interface ReportSink {
  /** Sends one report. Rejects when it may work later. */
  send(report: NodeReport, signal: AbortSignal): Promise<SendOutcome>;
}
