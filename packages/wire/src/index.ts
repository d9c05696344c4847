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
  quoted,
  textFromBytes,
} from "./bytes.ts";
export { describeDhcp4, describeTftp } from "./describe.ts";
export { ARCHITECTURE, type Architecture, architectureOf, type FirmwareKind } from "./dhcp4/architecture.ts";
export { type ClasslessRoute, classlessRoutesOption, readClasslessRoutes } from "./dhcp4/classless-routes.ts";
export { type ClientId, readClientId, readClientMac } from "./dhcp4/client-id.ts";
export { domainSearchOption, readDomainSearch } from "./dhcp4/domain-search.ts";
export { fieldText, fileField, MAX_FILE_FIELD_TEXT, snameField } from "./dhcp4/header-text.ts";
export {
  type IpxeFeatures,
  type IpxeSettings,
  ipxeOption,
  readIpxeFeatures,
  readIpxeOptions,
} from "./dhcp4/ipxe-options.ts";
export { type Dhcp4Limits, type Dhcp4Message, decodeDhcp4, encodeDhcp4 } from "./dhcp4/message.ts";
export type { Dhcp4Option } from "./dhcp4/option-area.ts";
export { OPTION, type OptionName, optionName } from "./dhcp4/option-codes.ts";
export {
  bytesOption,
  type Dhcp4MessageType,
  findOption,
  ipv4Option,
  messageType,
  messageTypeOption,
  readIpv4List,
  readIpv4Option,
  readParameterList,
  readTextOption,
  readUint8Option,
  readUint16List,
  readUint16Option,
  readUint32Option,
  textOption,
  uint8Option,
  uint16Option,
  uint32Option,
  type WithOptions,
} from "./dhcp4/options.ts";
export {
  machineUuidOption,
  type NetworkInterface,
  readArchitectures,
  readMachineUuid,
  readNetworkInterface,
  readUserClass,
  userClassOption,
} from "./dhcp4/pxe-options.ts";
export { type RelayInfo, readRelayInfo, relayInfoOption } from "./dhcp4/relay-info.ts";
export { type ReplyFields, replyTo } from "./dhcp4/reply.ts";
export { type ReplyRoute, replyRoute } from "./dhcp4/reply-route.ts";
export { PXE_DISCOVERY, PXE_SUB_OPTION, readVendorOptions, vendorOption } from "./dhcp4/vendor-options.ts";
export {
  agedDnsBody,
  DNS_FLAG,
  DNS_RCODE,
  type DnsMessageParts,
  type DnsResponse,
  dnsOpcode,
  dnsQuestionKey,
  dnsRcode,
  encodeDnsMessage,
  readDnsHeader,
  readDnsQuestion,
  readDnsResponse,
} from "./dns/message.ts";
export { tftpPath } from "./tftp/file-name.ts";
export {
  DEFAULT_TFTP_LIMITS,
  negotiate,
  type TftpLimits,
  type TftpNegotiation,
  type TftpTerms,
} from "./tftp/negotiate.ts";
export { toNetascii } from "./tftp/netascii.ts";
export {
  decodeTftp,
  encodeTftp,
  TFTP_ERROR,
  type TftpAck,
  type TftpData,
  type TftpErrorPacket,
  type TftpMode,
  type TftpOack,
  type TftpOption,
  type TftpPacket,
  type TftpRrq,
  type TftpWrq,
} from "./tftp/packet.ts";
export {
  newTransfer,
  stepTransfer,
  type TransferInput,
  type TransferOutcome,
  type TransferState,
  type TransferStep,
} from "./tftp/transfer.ts";
