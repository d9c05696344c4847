import { concatBytes } from "../bytes.ts";
import { type Dhcp4Option, decodeTlvs, encodeTlvs } from "./option-area.ts";
import { OPTION } from "./option-codes.ts";
import { findOption, type WithOptions } from "./options.ts";

/** Sub-options of option 43 when option 60 is `PXEClient` (PXE 2.1 specification, table 2-1). */
export const PXE_SUB_OPTION = {
  multicastAddress: 1,
  multicastClientPort: 2,
  multicastServerPort: 3,
  multicastTimeout: 4,
  multicastDelay: 5,
  discoveryControl: 6,
  discoveryMulticastAddress: 7,
  bootServers: 8,
  bootMenu: 9,
  menuPrompt: 10,
  credentialTypes: 12,
  bootItem: 71,
} as const;

/** Bits of {@link PXE_SUB_OPTION}.discoveryControl. */
export const PXE_DISCOVERY = {
  noBroadcast: 1,
  noMulticast: 2,
  onlyListedServers: 4,
  /** Boot the named file without asking a boot server first. */
  useFileName: 8,
} as const;

/**
 * The sub-options of option 43 in order (RFC 2132 section 8.4): encapsulated, with PAD and an optional END. The space
 * is the vendor's own (option 60): some do not use this layout. Throws DecodeError when a sub-option is cut short.
 */
export function readVendorOptions(message: WithOptions): readonly Dhcp4Option[] | undefined {
  const data = findOption(message, OPTION.vendorSpecific);
  return data === undefined ? undefined : decodeTlvs(data);
}

/** Option 43 of these sub-options, closed by END, which PXE clients look for. */
export function vendorOption(subOptions: readonly Dhcp4Option[]): Dhcp4Option {
  return { code: OPTION.vendorSpecific, data: concatBytes([encodeTlvs(subOptions), Uint8Array.of(255)]) };
}
