import { type MacAddress, macFromBytes } from "../address.ts";
import { DecodeError } from "../bytes.ts";
import type { Dhcp4Message } from "./message.ts";
import { OPTION } from "./option-codes.ts";
import { findOption, type WithOptions } from "./options.ts";

const ETHERNET = 1;
const MAC_LENGTH = 6;

/** Option 61 (RFC 2132 section 9.14). */
export interface ClientId {
  /** A hardware type (1 Ethernet), 0 for anything else, 255 for IAID and DUID (RFC 4361). */
  readonly type: number;
  readonly value: Uint8Array;
}

/**
 * Option 61. One machine sends up to four different ones on its way up, so it identifies a client, not a machine
 * (rule R18). Throws {@link DecodeError} when it has fewer than two bytes.
 */
export function readClientId(message: WithOptions): ClientId | undefined {
  const data = findOption(message, OPTION.clientId);
  if (data === undefined) return undefined;
  const type = data[0];
  if (type === undefined || data.length < 2) throw new DecodeError("option 61 has fewer than 2 bytes", 0);
  return { type, value: data.subarray(1) };
}

/**
 * The Ethernet address of the client: `chaddr`, or where that holds none (RFC 4390) option 61 of type 1. Undefined for
 * clients on other kinds of links.
 */
export function readClientMac(message: Dhcp4Message): MacAddress | undefined {
  if (message.hardwareType === ETHERNET && message.hardwareLength === MAC_LENGTH) {
    return macFromBytes(message.chaddr.subarray(0, MAC_LENGTH));
  }
  if (message.hardwareLength !== 0) return undefined;
  const id = readClientId(message);
  return id?.type === ETHERNET && id.value.length === MAC_LENGTH ? macFromBytes(id.value) : undefined;
}
