import { identify } from "@railhead/provisioning";
import {
  BootScriptError,
  bootScript,
  IgnitionError,
  ipxeScript,
  localBootScript,
  renderIgnition,
  renderMetadata,
  TemplateError,
  waitScript,
} from "@railhead/render";
import type { Snapshot } from "../inventory/snapshot.ts";
import { type Answer, ok, refuse } from "./answer.ts";
import { type MachineQuery, type MachineRequest, resolveRequest } from "./machine-request.ts";
import { type ContextParts, templateContext } from "./template-context.ts";

const TEXT = "text/plain; charset=utf-8";
const IGNITION = "application/vnd.coreos.ignition+json";

/** What a machine gets over HTTP, each a function from the query to an answer. */
export interface MachineAnswers {
  /** `/boot.ipxe`: the same for all; it asks again with the machine's own facts. */
  bootScript(): Answer;
  ipxe(query: MachineQuery, snapshot: Snapshot): Answer;
  ignition(query: MachineQuery, snapshot: Snapshot): Answer;
  metadata(query: MachineQuery, snapshot: Snapshot): Answer;
}

export function machineAnswers(parts: ContextParts): MachineAnswers {
  const forMachine =
    (answer: (request: MachineRequest) => Answer) =>
    (query: MachineQuery, snapshot: Snapshot): Answer => {
      const request = resolveRequest(query, snapshot);
      return "status" in request ? request : answer(request);
    };
  return {
    bootScript: () => ok(TEXT, bootScript()),
    ipxe: (query, snapshot) =>
      standingAnswer(query, snapshot) ?? forMachine((request) => ipxeAnswer(request, parts))(query, snapshot),
    ignition: forMachine((request) => ignitionAnswer(request, parts)),
    metadata: forMachine((request) => ok(TEXT, renderMetadata(templateContext(request, parts)))),
  };
}

/** What the operator has said of the machine itself stands over every group. */
function standingAnswer({ query }: MachineQuery, { inventory }: Snapshot): Answer | undefined {
  const identified = identify(inventory, query);
  if ("reason" in identified) return undefined;
  switch (identified.requester.machine?.boot) {
    case "local":
      return ok(TEXT, localBootScript());
    case "wait":
      return ok(TEXT, waitScript(`${identified.requester.machine.name} waits for the operator`));
    default:
      return undefined;
  }
}

function ipxeAnswer(request: MachineRequest, parts: ContextParts): Answer {
  const { profile, snapshot } = request;
  if (profile.boot === undefined) return refuse("no-boot", `the profile ${profile.id} has no boot section`);
  try {
    const template = snapshot.boots.get(profile.id);
    return ok(TEXT, ipxeScript(template === undefined ? profile.boot : template(templateContext(request, parts))));
  } catch (error) {
    if (error instanceof BootScriptError || error instanceof TemplateError)
      return refuse("template-failed", error.message);
    throw error;
  }
}

function ignitionAnswer(request: MachineRequest, parts: ContextParts): Answer {
  const { profile, snapshot } = request;
  if (profile.ignitionId === undefined) return refuse("no-ignition", `the profile ${profile.id} has no ignition_id`);
  const source = snapshot.ignition.get(profile.ignitionId);
  if (source === undefined) return refuse("no-ignition", `there is no ignition/${profile.ignitionId}`);
  try {
    return ok(IGNITION, renderIgnition(source, templateContext(request, parts)));
  } catch (error) {
    if (error instanceof TemplateError) return refuse("template-failed", error.message);
    if (error instanceof IgnitionError) return refuse("ignition-invalid", error.message);
    throw error;
  }
}
