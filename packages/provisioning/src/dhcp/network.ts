import type { Ipv4Address, Ipv4Subnet } from "@railhead/wire";

/** One network that the server hands out addresses on. */
export interface DhcpNetwork {
  readonly name: string;
  readonly subnet: Ipv4Subnet;
  /** This server's own address there: server identifier, TFTP and HTTP server. */
  readonly serverAddress: Ipv4Address;
  /** Inclusive; absent: reservations only. */
  readonly pool?: { readonly first: Ipv4Address; readonly last: Ipv4Address };
  readonly router?: Ipv4Address;
  readonly dns: readonly Ipv4Address[];
  readonly domain?: string;
  readonly leaseSeconds: number;
  /** How long an address is held back for a client that was offered it. */
  readonly offerSeconds: number;
  /** How long a declined address is given to nobody. */
  readonly quarantineSeconds: number;
}
