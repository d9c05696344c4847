import { type Ipv4Address, type Ipv4Subnet, parseIpv4, subnetContains } from "@railhead/wire";
import type { DhcpNetwork } from "../dhcp/network.ts";

/** What this server needs to know of a network to answer for its names. */
export type NamedNetwork = Pick<DhcpNetwork, "subnet" | "domain">;

/** Where a name lies that this server answers for. Names are in lower case, without a trailing dot. */
export type NamePlace =
  /** The domain itself, or a name that others lie below: it is there, but no machine has it. */
  | { readonly kind: "domain"; readonly zone: string; readonly isApex: boolean }
  | { readonly kind: "host"; readonly zone: string; readonly label: string; readonly networks: readonly NamedNetwork[] }
  | { readonly kind: "address"; readonly zone: string; readonly isApex: boolean; readonly address: Ipv4Address }
  /** In one of our zones, but no machine can have it. */
  | { readonly kind: "nobody"; readonly zone: string }
  | { readonly kind: "elsewhere" };

const REVERSE = ".in-addr.arpa";
const OCTET = /^(0|[1-9][0-9]{0,2})$/;

/** @param name in lower case, without a trailing dot */
export function placeName(name: string, networks: readonly NamedNetwork[]): NamePlace {
  return name.endsWith(REVERSE) ? placeReverse(name, networks) : placeForward(name, networks);
}

function placeForward(name: string, networks: readonly NamedNetwork[]): NamePlace {
  const domains = new Set(networks.flatMap(({ domain }) => (domain === undefined ? [] : [domain.toLowerCase()])));
  const zones = [...domains].filter((domain) => name === domain || name.endsWith(`.${domain}`));
  // The deepest domain is the one that answers.
  const zone = zones.toSorted((a, b) => b.length - a.length)[0];
  if (zone === undefined) return { kind: "elsewhere" };
  if (name === zone) return { kind: "domain", zone, isApex: true };
  // Above another domain of ours: "no such name" would deny that one too (RFC 8020).
  if ([...domains].some((domain) => domain.endsWith(`.${name}`))) return { kind: "domain", zone, isApex: false };
  const label = name.slice(0, -zone.length - 1);
  if (label.includes(".")) return { kind: "nobody", zone };
  return {
    kind: "host",
    zone,
    label,
    networks: networks.filter(({ domain }) => domain?.toLowerCase() === zone),
  };
}

/**
 * A subnet's reverse zones begin at whole octets: one for a /24, sixteen for a /20, and each address for itself where a
 * /24 is shared with others.
 */
function placeReverse(name: string, networks: readonly NamedNetwork[]): NamePlace {
  const labels = name.slice(0, -REVERSE.length).split(".").toReversed();
  for (const { subnet } of networks) {
    const apexLabels = Math.ceil(subnet.prefixLength / 8);
    const apex = octetsOf(labels.slice(0, apexLabels));
    if (apex === undefined || labels.length < apexLabels || !covers(subnet, apex)) continue;
    const zone = `${labels.slice(0, apexLabels).toReversed().join(".")}${apexLabels === 0 ? REVERSE.slice(1) : REVERSE}`;
    const octets = octetsOf(labels);
    if (octets === undefined || labels.length > 4) return { kind: "nobody", zone };
    const isApex = labels.length === apexLabels;
    // Addresses lie below it: "no such name" would deny them too.
    if (labels.length < 4) return { kind: "domain", zone, isApex };
    return { kind: "address", zone, isApex, address: parseIpv4(octets.join(".")) };
  }
  return { kind: "elsewhere" };
}

function octetsOf(labels: readonly string[]): readonly number[] | undefined {
  const octets = labels.map(Number);
  return labels.every((label) => OCTET.test(label)) && octets.every((octet) => octet <= 255) ? octets : undefined;
}

function covers(subnet: Ipv4Subnet, octets: readonly number[]): boolean {
  const [a = 0, b = 0, c = 0, d = 0] = octets;
  return subnetContains(subnet, parseIpv4(`${a}.${b}.${c}.${d}`));
}
