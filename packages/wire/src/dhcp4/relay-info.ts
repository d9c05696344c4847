import { type Ipv4Address, ipv4FromNumber } from "../address.ts";
import { ByteReader, DecodeError } from "../bytes.ts";
import { type Dhcp4Option, decodePlainTlvs, encodeTlvs } from "./option-area.ts";
import { OPTION } from "./option-codes.ts";
import { findOption, type WithOptions } from "./options.ts";

const CIRCUIT_ID = 1;
const REMOTE_ID = 2;
const LINK_SELECTION = 5;
const SERVER_ID_OVERRIDE = 11;

/** What a relay added (option 82, RFC 3046). */
export interface RelayInfo {
  /** The port the client is behind; opaque. */
  readonly circuitId: Uint8Array | undefined;
  /** The client's end of the circuit; opaque. */
  readonly remoteId: Uint8Array | undefined;
  /** An address of the client's link, to choose its subnet by (RFC 3527). */
  readonly linkSelection: Ipv4Address | undefined;
  /** What option 54 of the reply must be, so that renewals pass through the relay (RFC 5107). */
  readonly serverIdOverride: Ipv4Address | undefined;
  /** All of them in order, these four included. */
  readonly subOptions: readonly Dhcp4Option[];
}

/** Option 82. Throws {@link DecodeError} when a sub-option is cut short or an address does not have four bytes. */
export function readRelayInfo(message: WithOptions): RelayInfo | undefined {
  const data = findOption(message, OPTION.relayInfo);
  if (data === undefined) return undefined;
  const subOptions = decodePlainTlvs(data);
  const find = (code: number): Uint8Array | undefined => subOptions.find((option) => option.code === code)?.data;
  return {
    circuitId: find(CIRCUIT_ID),
    remoteId: find(REMOTE_ID),
    linkSelection: addressIn(find(LINK_SELECTION), LINK_SELECTION),
    serverIdOverride: addressIn(find(SERVER_ID_OVERRIDE), SERVER_ID_OVERRIDE),
    subOptions,
  };
}

function addressIn(data: Uint8Array | undefined, code: number): Ipv4Address | undefined {
  if (data === undefined) return undefined;
  if (data.length !== 4) throw new DecodeError(`sub-option 82.${code} has ${data.length} bytes, not 4`, 0);
  return ipv4FromNumber(new ByteReader(data).uint32("address"));
}

/** Option 82 of these sub-options. A server never builds one, it echoes what came; a relay does. */
export function relayInfoOption(subOptions: readonly Dhcp4Option[]): Dhcp4Option {
  return { code: OPTION.relayInfo, data: encodeTlvs(subOptions) };
}
