import type { ClasslessRoute, Ipv4Address, Ipv4Subnet } from "@railhead/wire";
import type { AdmissionPolicy } from "./admission.ts";

/**
 * What the server does on a network.
 *
 * - `authoritative`: gives addresses out of the pool and by reservation.
 * - `reservations`: gives declared machines their address, and nobody else anything.
 * - `proxy`: another server gives the addresses; this one adds what to boot (PXE 2.1 proxyDHCP).
 * - `off`: no DHCP at all; TFTP and HTTP only.
 */
export type DhcpMode = "authoritative" | "reservations" | "proxy" | "off";

/** One network that the server hands out addresses on. */
export interface DhcpNetwork {
  readonly name: string;
  readonly mode: DhcpMode;
  readonly subnet: Ipv4Subnet;
  /** This server's own address there: server identifier, TFTP and HTTP server. */
  readonly serverAddress: Ipv4Address;
  /** Its clients are heard through a relay only, never directly. */
  readonly relayed: boolean;
  /** Inclusive; absent: reservations only. */
  readonly pool?: { readonly first: Ipv4Address; readonly last: Ipv4Address };
  readonly router?: Ipv4Address;
  readonly dns: readonly Ipv4Address[];
  readonly ntp: readonly Ipv4Address[];
  readonly domain?: string;
  readonly searchDomains: readonly string[];
  /** Beside the default route, which follows from `router`. */
  readonly routes: readonly ClasslessRoute[];
  readonly leaseSeconds: number;
  /** How long an address is held back for a client that was offered it. */
  readonly offerSeconds: number;
  /** How long a declined address is given to nobody. */
  readonly quarantineSeconds: number;
  /** Whether a client that asks for it gets its lease in two messages instead of four (RFC 4039). */
  readonly rapidCommit: boolean;
  /** Whether an address that was never leased is looked for on the network before it is offered. */
  readonly conflictCheck: boolean;
  readonly policy: AdmissionPolicy;
}
