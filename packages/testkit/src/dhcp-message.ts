import {
  bytesOption,
  type Dhcp4Message,
  type Dhcp4MessageType,
  type Dhcp4Option,
  type Ipv4Address,
  ipv4Option,
  type MacAddress,
  macToBytes,
  messageTypeOption,
  OPTION,
  parseIpv4,
  parseMac,
  textOption,
  uint16Option,
  ZERO_IPV4,
} from "@railhead/wire";

export interface ClientMessage {
  readonly mac?: string;
  readonly ciaddr?: string;
  readonly giaddr?: string;
  readonly requested?: string;
  readonly serverId?: string;
  readonly options?: readonly Dhcp4Option[];
  readonly header?: Partial<Dhcp4Message>;
}

export const CLIENT_MAC: MacAddress = parseMac("52:54:00:aa:00:01");

/** A message of a DHCP client, with what RFC 2131 table 5 puts into one of its type, unless told otherwise. */
export function clientMessage(type: Dhcp4MessageType, message: ClientMessage = {}): Dhcp4Message {
  const { mac = CLIENT_MAC, ciaddr, giaddr, requested, serverId, options = [], header = {} } = message;
  const chaddr = new Uint8Array(16);
  chaddr.set(macToBytes(parseMac(mac)));
  return {
    op: "request",
    hardwareType: 1,
    hardwareLength: 6,
    hops: 0,
    xid: 0x1234,
    secs: 0,
    broadcast: false,
    reservedFlags: 0,
    ciaddr: addressOr(ciaddr),
    yiaddr: ZERO_IPV4,
    siaddr: ZERO_IPV4,
    giaddr: addressOr(giaddr),
    chaddr,
    sname: new Uint8Array(64),
    file: new Uint8Array(128),
    options: [
      messageTypeOption(type),
      ...(requested === undefined ? [] : [ipv4Option(OPTION.requestedAddress, parseIpv4(requested))]),
      ...(serverId === undefined ? [] : [ipv4Option(OPTION.serverId, parseIpv4(serverId))]),
      ...options,
    ],
    ...header,
  };
}

/** The options by which firmware makes itself known (RFC 4578): vendor class and architecture. */
export function firmwareOptions(architecture: number, vendorClass = "PXEClient"): readonly Dhcp4Option[] {
  const text = `${vendorClass}:Arch:${architecture.toString().padStart(5, "0")}:UNDI:003000`;
  return [textOption(OPTION.vendorClass, text), uint16Option(OPTION.architecture, architecture)];
}

/** The options of an iPXE: firmware's, and its user class without a length, as iPXE sends it. */
export function ipxeOptions(architecture: number): readonly Dhcp4Option[] {
  return [
    ...firmwareOptions(architecture),
    textOption(OPTION.userClass, "iPXE"),
    bytesOption(OPTION.ipxe, new Uint8Array([0xeb, 3, 1, 0, 0])),
  ];
}

function addressOr(text: string | undefined): Ipv4Address {
  return text === undefined ? ZERO_IPV4 : parseIpv4(text);
}
