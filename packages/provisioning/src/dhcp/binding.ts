import { type Ipv4Address, type MacAddress, parseIpv4, parseMac } from "@railhead/wire";
import { z } from "zod";

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

const bindingSchema = z.object({
  address: z.string().transform((text) => parseIpv4(text)),
  mac: z.string().transform((text) => parseMac(text)),
  state: z.enum(["offered", "leased", "released", "declined"]),
  expiresAt: z.number(),
  hostName: z.string().optional(),
});

/**
 * Reads a binding out of a store.
 *
 * @throws Error when it is none
 */
export function parseBinding(value: unknown): Binding {
  const { hostName, ...binding } = bindingSchema.parse(value);
  return hostName === undefined ? binding : { ...binding, hostName };
}
