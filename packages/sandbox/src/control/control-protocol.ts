import { parseJsonObject } from "../json-object.ts";
import { SandboxError } from "../sandbox-error.ts";

/** What a second process may ask of a running sandbox: one JSON object on one line. */
export type ControlRequest =
  | { readonly verb: "status" }
  | { readonly verb: "stop" }
  | { readonly verb: "reboot"; readonly node: string };

/** What the sandbox answers: any number of lines to show, then one end. */
export type ControlMessage =
  | { readonly kind: "line"; readonly text: string }
  | { readonly kind: "end"; readonly exitCode: number };

export function encodeControl(message: ControlRequest | ControlMessage): string {
  return `${JSON.stringify(message)}\n`;
}

/** Throws `control` for anything that is no request. Pure. */
export function parseControlRequest(line: string): ControlRequest {
  const { verb, node } = parseJsonObject(line) ?? {};
  if (verb === "status" || verb === "stop") {
    return { verb };
  }
  if (verb === "reboot" && typeof node === "string") {
    return { verb, node };
  }
  throw new SandboxError("control", `not a request: ${line.slice(0, 200)}`);
}

/** Throws `control` for anything that is no answer. Pure. */
export function parseControlMessage(line: string): ControlMessage {
  const { kind, text, exitCode } = parseJsonObject(line) ?? {};
  if (kind === "line" && typeof text === "string") {
    return { kind, text };
  }
  if (kind === "end" && typeof exitCode === "number") {
    return { kind, exitCode };
  }
  throw new SandboxError("control", `not an answer: ${line.slice(0, 200)}`);
}
