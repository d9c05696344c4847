export {
  AddressError,
  BROADCAST_IPV4,
  type Ipv4Address,
  type Ipv4Subnet,
  ipv4FromNumber,
  ipv4ToNumber,
  type MacAddress,
  macFromBytes,
  macHyphens,
  macToBytes,
  parseIpv4,
  parseMac,
  parseSubnet,
  subnetBroadcast,
  subnetContains,
  subnetMask,
  ZERO_IPV4,
} from "./address.ts";
export {
  ByteReader,
  bytesFromNumber,
  bytesFromText,
  concatBytes,
  DecodeError,
  EncodeError,
  hexFromBytes,
  textFromBytes,
} from "./bytes.ts";
export { type Dhcp4Limits, type Dhcp4Message, type Dhcp4Option, decodeDhcp4, encodeDhcp4 } from "./dhcp4/message.ts";
export { OPTION, type OptionName, optionName } from "./dhcp4/option-codes.ts";
