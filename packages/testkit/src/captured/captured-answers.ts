import {
  BindingTable,
  type BootServices,
  buildInventory,
  type DhcpNetwork,
  type DhcpOutcome,
  respond,
  respondOnBootServerPort,
  selectNetworks,
} from "@railhead/provisioning";
import { type Dhcp4Message, decodeDhcp4, encodeDhcp4, parseIpv4, parseSubnet, replyRoute } from "@railhead/wire";
import { LAB_SERVICES, labNetwork } from "../dhcp-network.ts";
import { type CapturedRequest, capturedRequests } from "./captured-requests.ts";

/** The modes of a network in which a server answers strangers. */
export type AnsweringMode = "authoritative" | "proxy";

/** What a server says to a captured request. */
export interface CapturedAnswer {
  readonly request: CapturedRequest;
  /** As it is on the wire; `undefined` for silence. */
  readonly reply: Dhcp4Message | undefined;
  /** Where the reply goes, or why there is none. */
  readonly how: string;
}

const NOW = 1_800_000_000_000;
const LARGEST_REPLY = 1472;
const SERVICES: BootServices = LAB_SERVICES;

/**
 * What a server that nobody has asked before answers to the requests of a capture, one after the other. No machine is
 * declared. It serves the two networks that the captures are from: 10.77.0.0/24, and 10.88.0.0/24 behind a relay.
 */
export function answerCapture(capture: string, mode: AnsweringMode): readonly CapturedAnswer[] {
  const networks = networksOf(mode);
  const tables = new Map(networks.map((network) => [network, new BindingTable(network)]));
  const { inventory } = buildInventory({ machines: [], groups: [], profiles: [], ignitionFiles: new Set() });
  const answerOn = (network: DhcpNetwork, { message, port }: CapturedRequest): DhcpOutcome => {
    const bindings = tables.get(network) ?? new BindingTable(network);
    const decide = port === 67 ? respond : respondOnBootServerPort;
    const outcome = decide({ message, network, services: SERVICES, inventory, bindings, now: NOW });
    if (outcome.kind !== "ignore" && outcome.binding !== undefined) bindings.apply(outcome.binding);
    return outcome;
  };
  return capturedRequests(capture).map((request) => {
    if (request.port === 4011 && mode !== "proxy") return silence(request, "nobody listens on port 4011");
    const [network, ...others] = selectNetworks(request.message, networks, undefined);
    if (network === undefined) return silence(request, "unknown-subnet");
    if (others.length > 0) throw new Error(`${request.capture} ${request.index}: several networks answer`);
    return answerOf(request, answerOn(network, request));
  });
}

function networksOf(mode: AnsweringMode): readonly DhcpNetwork[] {
  return [network("lab", "10.77.0", mode, false), network("rack", "10.88.0", mode, true)];
}

function network(name: string, prefix: string, mode: AnsweringMode, relayed: boolean): DhcpNetwork {
  const { pool: _pool, ...base } = labNetwork({ name, mode, relayed, subnet: parseSubnet(`${prefix}.0/24`) });
  const pool = { first: parseIpv4(`${prefix}.100`), last: parseIpv4(`${prefix}.199`) };
  return { ...base, router: parseIpv4(`${prefix}.1`), ...(mode === "authoritative" ? { pool } : {}) };
}

function silence(request: CapturedRequest, how: string): CapturedAnswer {
  return { request, reply: undefined, how };
}

function answerOf(request: CapturedRequest, outcome: DhcpOutcome): CapturedAnswer {
  if (outcome.kind === "ignore") return silence(request, outcome.reason);
  if (outcome.kind === "record") return silence(request, `recorded as ${outcome.binding.state}`);
  const route = replyRoute(request.message, outcome.reply);
  const how = request.port === 4011 ? "unicast to where it came from" : route.kind;
  return { request, reply: decodeDhcp4(encodeDhcp4(outcome.reply, { maxSize: LARGEST_REPLY })), how };
}
