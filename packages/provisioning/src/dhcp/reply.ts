import {
  bytesOption,
  type Dhcp4Message,
  type Dhcp4Option,
  findOption,
  type Ipv4Address,
  ipv4Option,
  ipxeOption,
  MAX_FILE_FIELD_TEXT,
  messageTypeOption,
  OPTION,
  replyTo,
  subnetBroadcast,
  subnetMask,
  textOption,
  uint32Option,
} from "@railhead/wire";
import type { BootDecision } from "../boot/decide.ts";
import type { DhcpNetwork } from "./network.ts";

/** What an OFFER or ACK grants. */
export interface Grant {
  readonly type: "offer" | "ack";
  readonly yiaddr: Ipv4Address;
  /** Absent in the answer to an INFORM (RFC 2131 section 4.3.5). */
  readonly leaseSeconds?: number;
  readonly hostName?: string;
  readonly boot: BootDecision;
}

const RENEWAL = 0.5; // T1 and T2 as parts of the lease, RFC 2131 section 4.4.5
const REBINDING = 0.875;

/** Builds an OFFER or ACK, as RFC 2131 table 3 lays it out. */
export function grantReply(request: Dhcp4Message, network: DhcpNetwork, grant: Grant): Dhcp4Message {
  const { boot, leaseSeconds } = grant;
  const fileName = boot.kind === "chainload" ? boot.file : boot.kind === "script" ? boot.url : undefined;
  return replyTo(request, {
    ciaddr: request.ciaddr,
    yiaddr: grant.yiaddr,
    // Non-zero and equal to the TFTP server (rule R2): iPXE ignores option 66.
    ...(boot.kind === "none" ? {} : { siaddr: boot.nextServer }),
    // In the header and in option 67 alike (rule R3): each firmware reads its own.
    ...(fileName !== undefined && fileName.length <= MAX_FILE_FIELD_TEXT ? { file: fileName } : {}),
    options: [
      messageTypeOption(grant.type),
      ipv4Option(OPTION.serverId, network.serverAddress), // always, rule R1
      ...(leaseSeconds === undefined ? [] : leaseTimes(leaseSeconds)),
      ...configuration(request, network, grant.hostName),
      ...(fileName === undefined ? [] : [textOption(OPTION.bootFile, fileName)]),
      // An iPXE that is not told otherwise waits three seconds for a proxyDHCP server (rule R9).
      ...(boot.kind === "script" ? [ipxeOption({ noPxeDhcp: true })] : []),
      ...echoed(request),
    ],
  });
}

/** Builds a NAK: nothing but the reason and what must be echoed (RFC 2131 table 3). */
export function nakReply(request: Dhcp4Message, network: DhcpNetwork, reason: string): Dhcp4Message {
  return replyTo(request, {
    options: [
      messageTypeOption("nak"),
      ipv4Option(OPTION.serverId, network.serverAddress),
      textOption(OPTION.message, reason),
      ...echoed(request),
    ],
  });
}

function leaseTimes(leaseSeconds: number): readonly Dhcp4Option[] {
  return [
    uint32Option(OPTION.leaseTime, leaseSeconds),
    uint32Option(OPTION.renewalTime, Math.floor(leaseSeconds * RENEWAL)),
    uint32Option(OPTION.rebindingTime, Math.floor(leaseSeconds * REBINDING)),
  ];
}

/**
 * The client's network, in the order of its parameter request list. What firmware cannot do without is sent also
 * when it is not asked for: without a mask OVMF declines the address (rule R7).
 */
function configuration(request: Dhcp4Message, network: DhcpNetwork, hostName: string | undefined): Dhcp4Option[] {
  const available: Dhcp4Option[] = [
    ipv4Option(OPTION.subnetMask, subnetMask(network.subnet)),
    ...(network.router === undefined ? [] : [ipv4Option(OPTION.router, network.router)]),
    ...(network.dns.length === 0 ? [] : [ipv4Option(OPTION.dns, ...network.dns)]),
    ...(hostName === undefined ? [] : [textOption(OPTION.hostName, hostName)]),
    ...(network.domain === undefined ? [] : [textOption(OPTION.domainName, network.domain)]),
    ipv4Option(OPTION.broadcastAddress, subnetBroadcast(network.subnet)),
  ];
  const wanted = findOption(request, OPTION.parameterList);
  if (wanted === undefined) return available;
  const rank = (option: Dhcp4Option) => {
    const index = wanted.indexOf(option.code);
    return index === -1 ? wanted.length : index;
  };
  const necessary: ReadonlySet<number> = new Set([OPTION.subnetMask, OPTION.router, OPTION.dns]);
  return available
    .filter((option) => wanted.includes(option.code) || necessary.has(option.code))
    .toSorted((a, b) => rank(a) - rank(b));
}

/**
 * What a client or relay must get back byte for byte: its client identifier (RFC 6842 section 3), its machine
 * identifier (RFC 4578 section 2.3) and the relay's information, last of all (RFC 3046 section 2.1).
 */
function echoed(request: Dhcp4Message): Dhcp4Option[] {
  return [OPTION.clientId, OPTION.uuid, OPTION.relayInfo].flatMap((code) => {
    const data = findOption(request, code);
    return data === undefined ? [] : [bytesOption(code, data)];
  });
}
