import { type Group, identify, type Profile, type Requester, select } from "@railhead/provisioning";
import type { Snapshot } from "../inventory/snapshot.ts";
import { type Answer, refuse } from "./answer.ts";

/** A request that names a machine, as it stands in the URL. */
export interface MachineQuery {
  /** The first value of each key, decoded. */
  readonly query: Readonly<Record<string, string>>;
  /** The query string as it was sent. */
  readonly rawQuery: string;
  /** The address of ours that the request came to; there the machine finds everything else. */
  readonly serverAddress: string;
}

/** A request whose machine has a profile. */
export interface MachineRequest {
  readonly query: MachineQuery;
  readonly snapshot: Snapshot;
  readonly requester: Requester;
  readonly group: Group;
  readonly profile: Profile;
}

/** Reads the query of a URL: the first value of each key counts, as in matchbox. */
export function readMachineQuery(url: string, serverAddress: string): MachineQuery {
  const mark = url.indexOf("?");
  const rawQuery = mark === -1 ? "" : url.slice(mark + 1);
  const query: Record<string, string> = {};
  for (const [key, value] of new URLSearchParams(rawQuery)) {
    if (!Object.hasOwn(query, key)) query[key] = value;
  }
  return { query, rawQuery, serverAddress };
}

/** Finds who asks and what is meant for it; otherwise the answer that says why there is nothing. */
export function resolveRequest(query: MachineQuery, snapshot: Snapshot): MachineRequest | Answer {
  const identified = identify(snapshot.inventory, query.query);
  if ("reason" in identified) return refuse(identified.reason, identified.message);
  const { requester } = identified;
  const { machine } = requester;
  if (machine?.boot === "wait") return refuse("waits-for-operator", `${machine.name} is not to boot yet`);
  const selection = select(snapshot.inventory, requester);
  if ("reason" in selection) return refuse(selection.reason, selection.message);
  return { query, snapshot, requester, ...selection };
}
