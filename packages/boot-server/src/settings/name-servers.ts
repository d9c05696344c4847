import type { Settings } from "./schema.ts";

/** Clients know no other port. */
const DNS_PORT = 53;

/** Where this server answers DNS on a network that has no name servers of its own, it is that network's name server. */
export function withNameServers(settings: Settings): Settings {
  const { dns, networks } = settings;
  if (dns === undefined || dns.port !== DNS_PORT) return settings;
  return {
    ...settings,
    networks: networks.map((network) => {
      const { serverAddress } = network;
      const listens = dns.addresses === undefined || dns.addresses.includes(serverAddress);
      return network.dns.length > 0 || !listens ? network : { ...network, dns: [serverAddress] };
    }),
  };
}
