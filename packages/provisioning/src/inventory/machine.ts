import type { Ipv4Address, MacAddress } from "@railhead/wire";

/** A machine that the operator has declared. */
export interface Machine {
  /** Its host name: a DNS label, unique in the inventory. */
  readonly name: string;
  /** The addresses of its network cards; the first is the one it boots from. */
  readonly macs: readonly MacAddress[];
  /** SMBIOS system UUID in canonical text, lower case. */
  readonly uuid?: string;
  readonly serial?: string;
  /** Reserved for the first MAC; never handed to anybody else. */
  readonly address?: Ipv4Address;
  readonly role?: string;
  /**
   * `network`: what its group says. `local`: its own disk, for one that is installed. `wait`: nothing yet; it asks
   * again until the operator has decided.
   */
  readonly boot: "network" | "local" | "wait";
  /** What group selectors may match beside what the machine says of itself. */
  readonly labels: Readonly<Record<string, string>>;
}
