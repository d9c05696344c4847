import { type Ipv4Address, type Ipv4Subnet, ipv4FromNumber, ipv4ToNumber } from "../address.ts";
import { ByteReader, bytesFromNumber, concatBytes, DecodeError, EncodeError } from "../bytes.ts";
import type { Dhcp4Option } from "./option-area.ts";
import { OPTION } from "./option-codes.ts";
import { findOption, type WithOptions } from "./options.ts";

/** A route of option 121. The default route's destination is `0.0.0.0/0`; router `0.0.0.0` means on link. */
export interface ClasslessRoute {
  readonly destination: Ipv4Subnet;
  readonly router: Ipv4Address;
}

/**
 * Option 121 (RFC 3442). A client that takes it ignores option 3, so the default route belongs in the list.
 * Throws EncodeError for an empty list.
 */
export function classlessRoutesOption(routes: readonly ClasslessRoute[]): Dhcp4Option {
  if (routes.length === 0) throw new EncodeError("bad-value", "option 121 needs a route");
  const parts = routes.flatMap(({ destination, router }) => [
    Uint8Array.of(destination.prefixLength),
    bytesFromNumber(ipv4ToNumber(destination.network), 4).subarray(0, significantOctets(destination.prefixLength)),
    bytesFromNumber(ipv4ToNumber(router), 4),
  ]);
  return { code: OPTION.classlessRoutes, data: concatBytes(parts) };
}

/** The routes of option 121, host bits cleared as RFC 3442 asks of the receiver. Throws DecodeError. */
export function readClasslessRoutes(message: WithOptions): readonly ClasslessRoute[] | undefined {
  const data = findOption(message, OPTION.classlessRoutes);
  if (data === undefined) return undefined;
  const reader = new ByteReader(data);
  const routes: ClasslessRoute[] = [];
  while (reader.remaining > 0) {
    const prefixLength = reader.uint8("prefix length");
    if (prefixLength > 32) throw new DecodeError(`prefix length is ${prefixLength}`, reader.offset - 1);
    let network = 0;
    reader.bytes(significantOctets(prefixLength), "destination").forEach((octet, index) => {
      network += octet * 256 ** (3 - index);
    });
    const hostCount = 2 ** (32 - prefixLength);
    network -= network % hostCount;
    routes.push({
      destination: { network: ipv4FromNumber(network), prefixLength },
      router: ipv4FromNumber(reader.uint32("router")),
    });
  }
  return routes;
}

function significantOctets(prefixLength: number): number {
  return Math.ceil(prefixLength / 8);
}
