import type { BootServices, DhcpNetwork } from "@railhead/provisioning";
import { parseIpv4, parseSubnet } from "@railhead/wire";

export const LAB_SERVER = parseIpv4("10.77.0.1");

/** A network of 10.77.0.0/24 with a pool of two addresses, unless told otherwise. */
export function labNetwork(overrides: Partial<DhcpNetwork> = {}): DhcpNetwork {
  return {
    name: "lab",
    mode: "authoritative",
    subnet: parseSubnet("10.77.0.0/24"),
    serverAddress: LAB_SERVER,
    relayed: false,
    pool: { first: parseIpv4("10.77.0.100"), last: parseIpv4("10.77.0.101") },
    router: LAB_SERVER,
    dns: [parseIpv4("10.77.0.53")],
    ntp: [],
    domain: "lab.test",
    searchDomains: [],
    routes: [],
    leaseSeconds: 3600,
    offerSeconds: 60,
    quarantineSeconds: 900,
    rapidCommit: false,
    conflictCheck: false,
    policy: { unknownMachines: "serve", deny: [], ignoreClasses: [] },
    ...overrides,
  };
}

/** What the lab's server offers to booting clients. */
export const LAB_SERVICES: BootServices = {
  nextServer: LAB_SERVER,
  scriptUrl: "http://10.77.0.1:8080/boot.ipxe",
  loadersUrl: "http://10.77.0.1:8080/boot",
  loaders: { bios: "undionly.kpxe", "uefi-x64": "snponly.efi" },
};
