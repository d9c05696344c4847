import { type Ipv4Address, type MacAddress, parseIpv4, parseMac } from "@railhead/wire";

/**
 * Who holds an address, until when.
 *
 * - `offered`: held back for a client that has not yet asked for it; kept in memory only.
 * - `leased`: promised by an ACK; durable before that ACK leaves.
 * - `released`: given back, remembered so that the same client gets it again (RFC 2131 section 4.3.1).
 * - `declined`: somebody else uses it; nobody gets it until it expires.
 */
export interface Binding {
  readonly address: Ipv4Address;
  readonly mac: MacAddress;
  readonly state: "offered" | "leased" | "released" | "declined";
  /** Milliseconds since the epoch. */
  readonly expiresAt: number;
  readonly hostName?: string;
}

/** Whether the binding still keeps its address from everybody else. */
export function isHeld(binding: Binding, now: number): boolean {
  return binding.state !== "released" && binding.expiresAt > now;
}

const STATES: ReadonlySet<unknown> = new Set<Binding["state"]>(["offered", "leased", "released", "declined"]);

/**
 * Reads a binding out of a store. By hand: the store does so with each lease that it is given, and a schema takes
 * ten times as long.
 *
 * @throws Error when it is none
 */
export function parseBinding(value: unknown): Binding {
  if (typeof value !== "object" || value === null) throw new TypeError("a binding is an object");
  const { address, mac, state, expiresAt, hostName }: Readonly<Record<string, unknown>> = { ...value };
  if (typeof address !== "string" || typeof mac !== "string") throw new TypeError("a binding has an address and a MAC");
  if (!isState(state)) throw new TypeError(`a binding has no state ${String(state)}`);
  if (typeof expiresAt !== "number" || !Number.isFinite(expiresAt)) throw new TypeError("a binding expires at a time");
  if (hostName !== undefined && typeof hostName !== "string") throw new TypeError("a host name is text");
  const binding = { address: parseIpv4(address), mac: parseMac(mac), state, expiresAt };
  return hostName === undefined ? binding : { ...binding, hostName };
}

function isState(value: unknown): value is Binding["state"] {
  return STATES.has(value);
}
