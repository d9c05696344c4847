import type { Machine } from "@railhead/provisioning";
import { type Ipv4Address, type MacAddress, macHyphens } from "@railhead/wire";
import type { AgentCatalog } from "../agent/agent-catalog.ts";
import type { Settings } from "../settings/schema.ts";
import type { MachineRequest } from "./machine-request.ts";

/** What templates know beside the machine that asks. */
export interface ContextParts {
  readonly settings: () => Settings;
  readonly agents: AgentCatalog | undefined;
  /** The address that a machine without a reservation has been given. */
  readonly addressOf: (mac: MacAddress) => Ipv4Address | undefined;
}

/**
 * The variables of a template: the group's metadata, over them its selectors, over them what the server knows.
 * Made anew for each request, so that one machine's values are never seen by another.
 */
export function templateContext(request: MachineRequest, parts: ContextParts): Record<string, unknown> {
  const { group, query, requester, snapshot } = request;
  const { agents } = parts;
  const settings = parts.settings();
  const selectors = Object.fromEntries(
    Object.entries(group.selector).map(([key, value]) => [key.toLowerCase(), value]),
  );
  const url = serverUrl(settings, query.serverAddress);
  return {
    ...structuredClone(group.metadata),
    ...selectors,
    request: { query: { ...requester.labels }, raw_query: query.rawQuery },
    machine: machineContext(request, parts),
    cluster: {
      ...settings.cluster,
      variables: structuredClone(settings.cluster.variables),
      machines: snapshot.inventory.machines.map(declaredContext),
    },
    server: { url, address: query.serverAddress },
    ...(agents === undefined ? {} : { agent: agents.context(url) }),
    ...(settings.configRepo === undefined
      ? {}
      : { configRepo: { url: settings.configRepo.url ?? `${url}/git/config.git`, ref: settings.configRepo.ref } }),
  };
}

/** Where nodes find the server, by the address of it that they can reach: `http://10.77.0.1:8080`. */
export function serverUrl({ http }: Settings, address: string): string {
  return `http://${address}:${http.port}`;
}

function machineContext({ requester }: MachineRequest, { addressOf }: ContextParts): Record<string, unknown> {
  const { machine, mac } = requester;
  const primary = machine?.macs[0] ?? mac;
  const address = machine?.address ?? (primary === undefined ? undefined : addressOf(primary));
  return {
    ...(machine === undefined ? {} : declaredContext(machine)),
    ...(primary === undefined ? {} : { mac: primary, macHyphens: macHyphens(primary) }),
    ...(address === undefined ? {} : { address }),
  };
}

function declaredContext({ name, macs, uuid, serial, address, role, labels }: Machine): Record<string, unknown> {
  return {
    name,
    mac: macs[0],
    labels: { ...labels },
    ...(uuid === undefined ? {} : { uuid }),
    ...(serial === undefined ? {} : { serial }),
    ...(address === undefined ? {} : { address }),
    ...(role === undefined ? {} : { role }),
  };
}
