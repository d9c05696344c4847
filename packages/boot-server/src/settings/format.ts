import type { Ipv4Subnet } from "@railhead/wire";
import { stringify } from "yaml";
import { formatResolver } from "../dns/resolver.ts";
import type { Settings, SettingsInput } from "./schema.ts";

/** The configuration in force as a configuration file: what is printed can be read again. */
export function formatSettings(settings: Settings): string {
  const { dns } = settings;
  return stringify({
    ...settings,
    ...(dns === undefined ? {} : { dns: { ...dns, upstream: dns.upstream.map(formatResolver) } }),
    networks: settings.networks.map((network) => ({
      ...network,
      subnet: subnetText(network.subnet),
      routes: network.routes.map(({ destination, router }) => ({ destination: subnetText(destination), router })),
    })),
  });
}

function subnetText({ network, prefixLength }: Ipv4Subnet): string {
  return `${network}/${prefixLength}`;
}

/** Settings made by a program, as a configuration file. */
export function stringifySettings(settings: SettingsInput): string {
  return stringify(settings);
}
