/** An HTTP response as a value; the adapter writes it. */
export interface Answer {
  readonly status: number;
  readonly contentType: string;
  readonly body: string;
  /** Why a request was refused: for the log, in the words of a closed union. */
  readonly refusal?: { readonly reason: RefusalReason; readonly message: string };
}

/** Why a request for a machine's boot script or config gets none. */
export type RefusalReason =
  | "bad-mac"
  | "no-group"
  | "no-profile"
  | "no-boot"
  | "no-ignition"
  | "template-failed"
  | "ignition-invalid"
  | "bad-report"
  | "unknown-machine"
  | "waits-for-operator";

const STATUS: Readonly<Record<RefusalReason, number>> = {
  "bad-mac": 400,
  "bad-report": 400,
  "waits-for-operator": 403,
  "no-group": 404,
  "no-profile": 404,
  "no-boot": 404,
  "no-ignition": 404,
  "unknown-machine": 404,
  "template-failed": 500,
  "ignition-invalid": 500,
};

export function ok(contentType: string, body: string): Answer {
  return { status: 200, contentType, body };
}

/** Says no, with the reason for whoever reads it at the console. Never a default in its place. */
export function refuse(reason: RefusalReason, message: string): Answer {
  return {
    status: STATUS[reason],
    contentType: "text/plain; charset=utf-8",
    body: `${reason}: ${message}\n`,
    refusal: { reason, message },
  };
}
