import { AddressError, type Ipv4Address, parseIpv4 } from "@railhead/wire";

/** Another name server. */
export interface Resolver {
  readonly address: Ipv4Address;
  readonly port: number;
}

/**
 * Reads `10.0.0.53` or `10.0.0.53:5353`.
 *
 * @throws AddressError
 */
export function parseResolver(text: string): Resolver {
  const [, address = text, port = "53"] = /^([^:]*):([1-9][0-9]{0,4})$/.exec(text) ?? [];
  if (Number(port) > 65_535) throw new AddressError("bad-ipv4", `not a port: ${port}`, "write a number up to 65535");
  return { address: parseIpv4(address), port: Number(port) };
}

export function formatResolver({ address, port }: Resolver): string {
  return port === 53 ? address : `${address}:${port}`;
}
