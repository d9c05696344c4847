import { type Ipv4Address, type Ipv4Subnet, ipv4ToNumber, subnetBroadcast, subnetContains } from "@railhead/wire";
import type { z } from "zod";
import { dnsSchema, networkSchema } from "./schema.ts";

/** A problem of the configuration, at its key. */
export interface SettingsIssue {
  readonly path: readonly (string | number)[];
  readonly message: string;
}

/**
 * What is wrong between keys that are each good by themselves: an address outside its network, a pool that ends
 * before it begins.
 *
 * Looks at the configuration as it is written and takes from it what can be read, so that one bad key does not hide
 * what is wrong elsewhere; a refinement of the schema would be skipped until every key is mended.
 */
export function relationIssues(value: unknown): readonly SettingsIssue[] {
  const settings = fields(value);
  const listed: unknown = settings["networks"];
  const networks = Array.isArray(listed) ? listed.map(readNetwork) : [];
  const issues: SettingsIssue[] = networks.flatMap((network, index) =>
    [...networkIssues(network), ...clashIssues(network, networks.slice(0, index))].map(({ path, message }) => ({
      path: ["networks", index, ...path],
      message,
    })),
  );
  const { configRepo, dns, tftp } = settings;
  issues.push(...dnsIssues(fields(dns), networks));
  if (networks.length > 0 && tftp === undefined) {
    issues.push({ path: ["tftp"], message: "machines on a network need TFTP to load iPXE from" });
  }
  if (isFields(configRepo) && (configRepo["path"] === undefined) === (configRepo["url"] === undefined)) {
    issues.push({ path: ["configRepo"], message: "either path or url, and one of them" });
  }
  return issues;
}

type Network = ReturnType<typeof readNetwork>;

/** The parts of a network that can be read; the schema tells of the others. */
function readNetwork(value: unknown) {
  const { shape } = networkSchema;
  const network = fields(value);
  const address = (written: unknown) => part(shape.serverAddress, written);
  const pool = network["pool"] === undefined ? undefined : fields(network["pool"]);
  return {
    name: part(shape.name, network["name"]),
    mode: part(shape.mode, network["mode"]),
    subnet: part(shape.subnet, network["subnet"]),
    relayed: part(shape.relayed, network["relayed"]),
    serverAddress: address(network["serverAddress"]),
    router: address(network["router"]),
    pool: pool && { first: address(pool["first"]), last: address(pool["last"]) },
  };
}

function* networkIssues({ mode, pool, relayed, router, serverAddress, subnet }: Network): Generator<SettingsIssue> {
  // A server that is reached through a relay is on another network.
  if (relayed === false) yield* placeIssues(subnet, serverAddress, ["serverAddress"]);
  yield* placeIssues(subnet, router, ["router"]);
  if (pool === undefined) return;
  if (mode !== undefined && mode !== "authoritative") {
    yield { path: ["pool"], message: `mode ${mode} gives no addresses out of a pool` };
  }
  for (const end of ["first", "last"] as const) {
    const path = ["pool", end];
    const address = pool[end];
    yield* placeIssues(subnet, address, path);
    if (address === undefined) continue;
    if (address === serverAddress) yield { path, message: `${address} is this server's own address` };
    else if (address === router) yield { path, message: `${address} is the router's address` };
  }
  if (pool.first === undefined || pool.last === undefined) return;
  if (ipv4ToNumber(pool.first) > ipv4ToNumber(pool.last)) {
    yield { path: ["pool"], message: "first is greater than last" };
  }
}

function* placeIssues(
  subnet: Ipv4Subnet | undefined,
  address: Ipv4Address | undefined,
  path: readonly string[],
): Generator<SettingsIssue> {
  const message = subnet === undefined || address === undefined ? undefined : placeProblem(subnet, address);
  if (message !== undefined) yield { path, message };
}

/** Why no host of the subnet can have the address; `undefined` when one can. */
export function placeProblem(subnet: Ipv4Subnet, address: Ipv4Address): string | undefined {
  if (!subnetContains(subnet, address)) return `${address} is outside the subnet`;
  // Of two addresses, or one, both are hosts' (RFC 3021).
  if (subnet.prefixLength > 30) return undefined;
  if (address === subnet.network) return `${address} is the address of the network itself`;
  if (address === subnetBroadcast(subnet)) return `${address} is the network's broadcast address`;
  return undefined;
}

function* clashIssues({ name, subnet }: Network, former: readonly Network[]): Generator<SettingsIssue> {
  if (subnet !== undefined) {
    const clash = former.find((other) => other.subnet !== undefined && overlap(subnet, other.subnet));
    if (clash !== undefined) yield { path: ["subnet"], message: `the subnet overlaps that of ${clash.name}` };
  }
  if (name !== undefined && former.some((other) => other.name === name)) {
    yield { path: ["name"], message: `another network is called ${name}` };
  }
}

/** A server that asks itself never comes to an answer. */
function* dnsIssues(dns: Readonly<Record<string, unknown>>, networks: readonly Network[]): Generator<SettingsIssue> {
  const { shape } = dnsSchema;
  const own = part(shape.addresses, dns["addresses"]) ?? networks.map(({ serverAddress }) => serverAddress);
  const port = part(shape.port, dns["port"]);
  for (const [index, upstream] of (part(shape.upstream, dns["upstream"]) ?? []).entries()) {
    if (upstream.port !== port || !own.includes(upstream.address)) continue;
    yield { path: ["dns", "upstream", index], message: `${upstream.address} is this server itself` };
  }
}

function overlap(a: Ipv4Subnet, b: Ipv4Subnet): boolean {
  return subnetContains(a, b.network) || subnetContains(b, a.network);
}

function part<T>(schema: z.ZodType<T>, value: unknown): T | undefined {
  const result = schema.safeParse(value);
  return result.success ? result.data : undefined;
}

function fields(value: unknown): Readonly<Record<string, unknown>> {
  return isFields(value) ? value : {};
}

function isFields(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
