import {
  bytesFromText,
  bytesOption,
  type ClasslessRoute,
  classlessRoutesOption,
  concatBytes,
  type Dhcp4Message,
  type Dhcp4Option,
  domainSearchOption,
  findOption,
  type Ipv4Address,
  ipv4Option,
  ipxeOption,
  MAX_FILE_FIELD_TEXT,
  messageTypeOption,
  OPTION,
  PXE_DISCOVERY,
  PXE_SUB_OPTION,
  parseSubnet,
  type ReplyFields,
  readRelayInfo,
  readVendorOptions,
  replyTo,
  subnetBroadcast,
  subnetMask,
  textOption,
  uint32Option,
  vendorOption,
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
  /** The ACK to a DISCOVER (RFC 4039). */
  readonly rapidCommit?: boolean;
  readonly boot: BootDecision;
}

/** What the Pi's ROM looks for before it takes an offer: a PXE boot menu with this very entry. */
const RASPBERRY_PI_MENU = vendorOption([
  { code: PXE_SUB_OPTION.discoveryControl, data: Uint8Array.of(PXE_DISCOVERY.noBroadcast | PXE_DISCOVERY.noMulticast) },
  { code: PXE_SUB_OPTION.menuPrompt, data: concatBytes([Uint8Array.of(0), bytesFromText("PXE")]) },
  { code: PXE_SUB_OPTION.bootMenu, data: concatBytes([Uint8Array.of(0, 0, 17), bytesFromText("Raspberry Pi Boot")]) },
]);
const DEFAULT_ROUTE = parseSubnet("0.0.0.0/0");
const RENEWAL = 0.5; // T1 and T2 as parts of the lease, RFC 2131 section 4.4.5
const REBINDING = 0.875;

/** Builds an OFFER or ACK, as RFC 2131 table 3 lays it out. */
export function grantReply(request: Dhcp4Message, network: DhcpNetwork, grant: Grant): Dhcp4Message {
  const { boot, leaseSeconds, rapidCommit = false } = grant;
  return replyTo(request, {
    ciaddr: request.ciaddr,
    yiaddr: grant.yiaddr,
    ...bootFields(boot),
    options: [
      messageTypeOption(grant.type),
      ipv4Option(OPTION.serverId, serverIdentifier(request, network)),
      ...(leaseSeconds === undefined ? [] : leaseTimes(leaseSeconds)),
      ...configuration(request, network, grant.hostName),
      // UEFI HTTP boot takes no offer without it; in an offer of an address it would send UEFI PXE to port 4011 (rule R8).
      ...(boot.kind === "http" ? [textOption(OPTION.vendorClass, "HTTPClient")] : []),
      ...bootOptions(boot),
      ...(rapidCommit ? [bytesOption(OPTION.rapidCommit, new Uint8Array(0))] : []),
      ...echoed(request),
    ],
  });
}

/** What a proxyDHCP or boot server adds to another server's address. */
export interface ProxyGrant {
  readonly type: "offer" | "ack";
  readonly yiaddr: Ipv4Address;
  readonly boot: BootDecision;
}

/**
 * Builds the reply of a proxyDHCP server: the class the client asked by, and for PXE "use the file name" (rule R10),
 * without which a client would look for boot servers first. What it asked about a boot item comes back.
 */
export function proxyReply(request: Dhcp4Message, network: DhcpNetwork, grant: ProxyGrant): Dhcp4Message {
  const { boot } = grant;
  const item = readVendorOptions(request)?.find(({ code }) => code === PXE_SUB_OPTION.bootItem);
  const discovery = { code: PXE_SUB_OPTION.discoveryControl, data: Uint8Array.of(PXE_DISCOVERY.useFileName) };
  return replyTo(request, {
    ciaddr: request.ciaddr,
    yiaddr: grant.yiaddr,
    ...bootFields(boot),
    options: [
      messageTypeOption(grant.type),
      ipv4Option(OPTION.serverId, serverIdentifier(request, network)),
      ...(boot.kind === "raspberry-pi"
        ? []
        : [textOption(OPTION.vendorClass, boot.kind === "http" ? "HTTPClient" : "PXEClient")]),
      ...(boot.kind === "http" || boot.kind === "raspberry-pi"
        ? []
        : [vendorOption(item === undefined ? [discovery] : [discovery, item])]),
      ...bootOptions(boot),
      ...echoed(request),
    ],
  });
}

/** Builds a NAK: nothing but the reason and what must be echoed (RFC 2131 table 3). */
export function nakReply(request: Dhcp4Message, network: DhcpNetwork, reason: string): Dhcp4Message {
  return replyTo(request, {
    options: [
      messageTypeOption("nak"),
      ipv4Option(OPTION.serverId, serverIdentifier(request, network)),
      textOption(OPTION.message, reason),
      ...echoed(request),
    ],
  });
}

/** Always there (rule R1): our own address, or the relay's where it stands in for us (RFC 5107). */
function serverIdentifier(request: Dhcp4Message, network: DhcpNetwork): Ipv4Address {
  return readRelayInfo(request)?.serverIdOverride ?? network.serverAddress;
}

/**
 * The header's part of a boot decision: `siaddr` non-zero and equal to the TFTP server (rule R2), since iPXE ignores
 * option 66, and the file's name in the header and in option 67 alike (rule R3), since each firmware reads its own.
 */
function bootFields(boot: BootDecision): Pick<ReplyFields, "siaddr" | "file"> {
  if (boot.kind === "none") return {};
  if (boot.kind === "raspberry-pi") return { siaddr: boot.nextServer };
  const name = boot.kind === "chainload" ? boot.file : boot.url;
  return { siaddr: boot.nextServer, ...(name.length <= MAX_FILE_FIELD_TEXT ? { file: name } : {}) };
}

function bootOptions(boot: BootDecision): readonly Dhcp4Option[] {
  switch (boot.kind) {
    case "none":
      return [];
    case "chainload":
      return [textOption(OPTION.bootFile, boot.file)];
    case "http":
      return [textOption(OPTION.bootFile, boot.url)];
    case "raspberry-pi":
      return [textOption(OPTION.vendorClass, "PXEClient"), RASPBERRY_PI_MENU];
    case "script":
      // An iPXE that is not told otherwise waits three seconds for a proxyDHCP server (rule R9).
      return [textOption(OPTION.bootFile, boot.url), ipxeOption({ noPxeDhcp: true })];
  }
}

function leaseTimes(leaseSeconds: number): readonly Dhcp4Option[] {
  return [
    uint32Option(OPTION.leaseTime, leaseSeconds),
    uint32Option(OPTION.renewalTime, Math.floor(leaseSeconds * RENEWAL)),
    uint32Option(OPTION.rebindingTime, Math.floor(leaseSeconds * REBINDING)),
  ];
}

const NECESSARY: ReadonlySet<number> = new Set([OPTION.subnetMask, OPTION.router, OPTION.dns]);

/**
 * The client's network, in the order of its parameter request list. What firmware cannot do without is sent also
 * when it is not asked for: without a mask OVMF declines the address (rule R7).
 */
function configuration(request: Dhcp4Message, network: DhcpNetwork, hostName: string | undefined): Dhcp4Option[] {
  const available = [
    ...networkOptions(network),
    ...(hostName === undefined ? [] : [textOption(OPTION.hostName, hostName)]),
  ];
  const wanted = findOption(request, OPTION.parameterList);
  if (wanted === undefined) return available;
  const asked: Dhcp4Option[] = [];
  for (const code of wanted) {
    const option = available.find((candidate) => candidate.code === code);
    if (option !== undefined && !asked.includes(option)) asked.push(option);
  }
  for (const option of available) if (NECESSARY.has(option.code) && !asked.includes(option)) asked.push(option);
  return asked;
}

/** They follow from the network alone, which never changes: a new one takes its place when settings do. */
const optionsOfNetworks = new WeakMap<DhcpNetwork, readonly Dhcp4Option[]>();

function networkOptions(network: DhcpNetwork): readonly Dhcp4Option[] {
  const known = optionsOfNetworks.get(network);
  if (known !== undefined) return known;
  const options = [
    ipv4Option(OPTION.subnetMask, subnetMask(network.subnet)),
    ...(network.router === undefined ? [] : [ipv4Option(OPTION.router, network.router)]),
    ...(network.dns.length === 0 ? [] : [ipv4Option(OPTION.dns, ...network.dns)]),
    ...(network.domain === undefined ? [] : [textOption(OPTION.domainName, network.domain)]),
    ...(network.searchDomains.length === 0 ? [] : [domainSearchOption(network.searchDomains)]),
    ...(network.ntp.length === 0 ? [] : [ipv4Option(OPTION.ntpServer, ...network.ntp)]),
    ...(network.routes.length === 0 ? [] : [classlessRoutesOption(allRoutes(network))]),
    ipv4Option(OPTION.broadcastAddress, subnetBroadcast(network.subnet)),
  ];
  optionsOfNetworks.set(network, options);
  return options;
}

/** A client that takes option 121 ignores option 3: the default route is in both (RFC 3442). */
function allRoutes({ router, routes }: DhcpNetwork): readonly ClasslessRoute[] {
  return router === undefined ? routes : [{ destination: DEFAULT_ROUTE, router }, ...routes];
}

const ECHOED = [OPTION.clientId, OPTION.uuid, OPTION.relayInfo] as const;

/**
 * What a client or relay must get back byte for byte: its client identifier (RFC 6842 section 3), its machine
 * identifier (RFC 4578 section 2.3) and the relay's information, last of all (RFC 3046 section 2.1).
 */
function echoed(request: Dhcp4Message): Dhcp4Option[] {
  const options: Dhcp4Option[] = [];
  for (const code of ECHOED) {
    const data = findOption(request, code);
    if (data !== undefined) options.push(bytesOption(code, data));
  }
  return options;
}
