/** An Ethernet address in its one canonical form, `aa:bb:cc:dd:ee:ff`. Made by {@link parseMac} or {@link macFromBytes}. */
export type MacAddress = string & { readonly __brand: "MacAddress" };

/** An IPv4 address as a dotted quad. Made by {@link parseIpv4} or {@link ipv4FromNumber}. */
export type Ipv4Address = string & { readonly __brand: "Ipv4Address" };

/** A network with all host bits zero. */
export interface Ipv4Subnet {
  readonly network: Ipv4Address;
  /** 0..32 */
  readonly prefixLength: number;
}

/** Text (or a number of bytes) that is not the address it should be. */
export class AddressError extends Error {
  override readonly name = "AddressError";
  readonly code: "bad-mac" | "bad-ipv4" | "bad-subnet";
  readonly hint: string;

  constructor(code: AddressError["code"], message: string, hint: string) {
    super(message);
    this.code = code;
    this.hint = hint;
  }
}

const CANONICAL_MAC = /^[0-9a-f]{2}(?::[0-9a-f]{2}){5}$/;
const MAC_FORMS = [
  CANONICAL_MAC,
  /^[0-9a-f]{2}(?:-[0-9a-f]{2}){5}$/,
  /^[0-9a-f]{4}(?:\.[0-9a-f]{4}){2}$/,
  /^[0-9a-f]{12}$/,
];

/** Reads a MAC address in any of the forms people and vendors write. Throws {@link AddressError} `bad-mac`. */
export function parseMac(text: string): MacAddress {
  if (CANONICAL_MAC.test(text)) return brandMac(text);
  const lower = text.toLowerCase();
  if (!MAC_FORMS.some((form) => form.test(lower))) {
    throw new AddressError(
      "bad-mac",
      `not a MAC address: ${JSON.stringify(text)}`,
      "write six octets in hexadecimal: 52:54:00:77:00:01, 52-54-00-77-00-01, 5254.0077.0001 or 525400770001",
    );
  }
  const digits = lower.replace(/[:.-]/g, "");
  return brandMac((digits.match(/../g) ?? []).join(":"));
}

const HEX_OCTET: readonly string[] = Array.from({ length: 256 }, (_, octet) => octet.toString(16).padStart(2, "0"));

/** The MAC address held in exactly six octets. Throws {@link AddressError} `bad-mac` for any other length. */
export function macFromBytes(bytes: Uint8Array): MacAddress {
  if (bytes.length !== 6) {
    throw new AddressError("bad-mac", `a MAC address has 6 octets, not ${bytes.length}`, "pass the six octets only");
  }
  let text = "";
  for (const octet of bytes) text += `${text === "" ? "" : ":"}${HEX_OCTET[octet] ?? ""}`;
  return brandMac(text);
}

/** The six octets of a MAC address. */
export function macToBytes(mac: MacAddress): Uint8Array {
  return Uint8Array.from(mac.split(":"), (octet) => Number.parseInt(octet, 16));
}

/** `aa-bb-cc-dd-ee-ff`, as iPXE's `${mac:hexhyp}` writes it. */
export function macHyphens(mac: MacAddress): string {
  return mac.replaceAll(":", "-");
}

const OCTET = "(0|[1-9][0-9]?|1[0-9][0-9]|2[0-4][0-9]|25[0-5])";
const DOTTED_QUAD = new RegExp(`^${OCTET}\\.${OCTET}\\.${OCTET}\\.${OCTET}$`);

/**
 * Reads a dotted quad: four decimal octets without leading zeros, which some parsers read as octal.
 * Throws {@link AddressError} `bad-ipv4`.
 */
export function parseIpv4(text: string): Ipv4Address {
  if (!DOTTED_QUAD.test(text)) {
    throw new AddressError(
      "bad-ipv4",
      `not an IPv4 address: ${JSON.stringify(text)}`,
      "write four numbers 0..255 without leading zeros: 10.77.0.1",
    );
  }
  return brandIpv4(text);
}

/** The address whose 32 bits are `value` (unsigned). Throws {@link AddressError} `bad-ipv4` out of range. */
export function ipv4FromNumber(value: number): Ipv4Address {
  if (!Number.isInteger(value) || value < 0 || value > 0xffffffff) {
    throw new AddressError("bad-ipv4", `not a 32-bit address: ${value}`, "pass a whole number 0..4294967295");
  }
  return brandIpv4(`${value >>> 24}.${(value >>> 16) & 255}.${(value >>> 8) & 255}.${value & 255}`);
}

/** The address as an unsigned 32-bit number. Character by character: this runs eight times for each DHCP exchange. */
export function ipv4ToNumber(address: Ipv4Address): number {
  let value = 0;
  let octet = 0;
  for (let index = 0; index < address.length; index += 1) {
    const code = address.charCodeAt(index);
    if (code === 0x2e) {
      value = value * 256 + octet;
      octet = 0;
    } else {
      octet = octet * 10 + code - 0x30;
    }
  }
  return value * 256 + octet;
}

export const ZERO_IPV4 = brandIpv4("0.0.0.0");
export const BROADCAST_IPV4 = brandIpv4("255.255.255.255");

/** Reads `10.77.0.0/24`. Host bits must be zero. Throws {@link AddressError} `bad-subnet`. */
export function parseSubnet(text: string): Ipv4Subnet {
  const match = /^([0-9.]+)\/(0|[1-9][0-9]?)$/.exec(text);
  const prefixLength = Number(match?.[2] ?? 33);
  if (match?.[1] === undefined || prefixLength > 32 || !DOTTED_QUAD.test(match[1])) {
    throw new AddressError(
      "bad-subnet",
      `not an IPv4 subnet: ${JSON.stringify(text)}`,
      "write ADDRESS/PREFIX: 10.77.0.0/24",
    );
  }
  const network = brandIpv4(match[1]);
  const subnet = { network, prefixLength };
  const withoutHostBits = ipv4FromNumber((ipv4ToNumber(network) & maskNumber(prefixLength)) >>> 0);
  if (withoutHostBits !== network) {
    throw new AddressError(
      "bad-subnet",
      `${text} has host bits set`,
      `did you mean ${withoutHostBits}/${prefixLength}?`,
    );
  }
  return subnet;
}

/** Whether the address lies in the subnet, its network and broadcast addresses included. */
export function subnetContains(subnet: Ipv4Subnet, address: Ipv4Address): boolean {
  return (ipv4ToNumber(address) & maskNumber(subnet.prefixLength)) >>> 0 === ipv4ToNumber(subnet.network);
}

/** `255.255.255.0` for a /24. */
export function subnetMask(subnet: Ipv4Subnet): Ipv4Address {
  return ipv4FromNumber(maskNumber(subnet.prefixLength));
}

/** The highest address of the subnet. */
export function subnetBroadcast(subnet: Ipv4Subnet): Ipv4Address {
  return ipv4FromNumber((ipv4ToNumber(subnet.network) | ~maskNumber(subnet.prefixLength)) >>> 0);
}

function maskNumber(prefixLength: number): number {
  return prefixLength === 0 ? 0 : (0xffffffff << (32 - prefixLength)) >>> 0;
}

/** The one place where the brand is given. */
function brandMac(canonical: string): MacAddress {
  return canonical as MacAddress;
}

/** The one place where the brand is given. */
function brandIpv4(canonical: string): Ipv4Address {
  return canonical as Ipv4Address;
}
