import { macFromBytes } from "../address.ts";
import { hexFromBytes, quoted, textFromBytes } from "../bytes.ts";
import { architectureOf } from "./architecture.ts";
import { readClasslessRoutes } from "./classless-routes.ts";
import { readClientId } from "./client-id.ts";
import { readDomainSearch } from "./domain-search.ts";
import { readIpxeFeatures, readIpxeOptions } from "./ipxe-options.ts";
import type { Dhcp4Option } from "./option-area.ts";
import { OPTION, optionName } from "./option-codes.ts";
import {
  messageType,
  readIpv4List,
  readIpv4Option,
  readParameterList,
  readTextOption,
  readUint8Option,
  readUint16Option,
  readUint32Option,
  type WithOptions,
} from "./options.ts";
import { readArchitectures, readMachineUuid, readNetworkInterface, readUserClass } from "./pxe-options.ts";
import { readRelayInfo } from "./relay-info.ts";
import { PXE_SUB_OPTION, readVendorOptions } from "./vendor-options.ts";

type Describe = (message: WithOptions, code: number) => string | undefined;

const text: Describe = (message, code) => {
  const value = readTextOption(message, code);
  return value === undefined ? undefined : quoted(value);
};
const address: Describe = readIpv4Option;
const addresses: Describe = (message, code) => readIpv4List(message, code)?.join(", ");
const byte: Describe = (message, code) => readUint8Option(message, code)?.toString();
const word: Describe = (message, code) => readUint16Option(message, code)?.toString();
const seconds: Describe = (message, code) => {
  const value = readUint32Option(message, code);
  return value === 0xffffffff ? "infinite" : `${value} s`;
};

const DESCRIBE: ReadonlyMap<number, Describe> = new Map<number, Describe>([
  [OPTION.subnetMask, address],
  [OPTION.router, addresses],
  [OPTION.timeServer, addresses],
  [OPTION.dns, addresses],
  [OPTION.logServer, addresses],
  [OPTION.hostName, text],
  [OPTION.bootFileSize, word],
  [OPTION.domainName, text],
  [OPTION.rootPath, text],
  [OPTION.defaultTtl, byte],
  [OPTION.interfaceMtu, word],
  [OPTION.broadcastAddress, address],
  [OPTION.ntpServer, addresses],
  [OPTION.vendorSpecific, describeVendor],
  [OPTION.requestedAddress, address],
  [OPTION.leaseTime, seconds],
  [OPTION.messageType, messageType],
  [OPTION.serverId, address],
  [OPTION.parameterList, describeParameterList],
  [OPTION.message, text],
  [OPTION.maxMessageSize, word],
  [OPTION.renewalTime, seconds],
  [OPTION.rebindingTime, seconds],
  [OPTION.vendorClass, text],
  [OPTION.clientId, describeClientId],
  [OPTION.serverName, text],
  [OPTION.bootFile, text],
  [OPTION.userClass, (message) => readUserClass(message).map(quoted).join(", ")],
  [OPTION.relayInfo, describeRelayInfo],
  [OPTION.architecture, describeArchitectures],
  [OPTION.undi, describeNetworkInterface],
  [OPTION.uuid, (message) => readMachineUuid(message)],
  [OPTION.subnetSelection, address],
  [OPTION.domainSearch, (message) => readDomainSearch(message)?.join(", ")],
  [OPTION.classlessRoutes, describeRoutes],
  [OPTION.tftpServers, addresses],
  [OPTION.ipxe, describeIpxe],
  [OPTION.pxelinuxConfig, text],
  [OPTION.pxelinuxPrefix, text],
  [OPTION.webProxy, text],
]);

/** The value of one option of this message for people. Throws DecodeError where its reader does. */
export function describeOption(message: WithOptions, option: Dhcp4Option): string {
  return DESCRIBE.get(option.code)?.(message, option.code) ?? hexOrEmpty(option.data);
}

function hexOrEmpty(data: Uint8Array): string {
  return data.length === 0 ? "(empty)" : hexFromBytes(data);
}

function describeParameterList(message: WithOptions): string | undefined {
  return readParameterList(message)
    ?.map((code) => `${code}${optionName(code) === undefined ? "" : ` ${optionName(code)}`}`)
    .join(", ");
}

function describeArchitectures(message: WithOptions): string {
  return readArchitectures(message)
    .map((id) => {
      const architecture = architectureOf(id);
      return architecture === undefined ? `${id}` : `${id} ${architecture.name} (firmware ${architecture.firmware})`;
    })
    .join(", ");
}

function describeNetworkInterface(message: WithOptions): string | undefined {
  const network = readNetworkInterface(message);
  if (network === undefined) return undefined;
  return `${network.type === 1 ? "UNDI" : `type ${network.type}`} ${network.major}.${network.minor}`;
}

function describeClientId(message: WithOptions): string | undefined {
  const id = readClientId(message);
  if (id === undefined) return undefined;
  if (id.type === 1 && id.value.length === 6) return `ethernet ${macFromBytes(id.value)}`;
  if (id.type === 255) return `IAID and DUID ${hexFromBytes(id.value)}`;
  return `type ${id.type} ${hexFromBytes(id.value)}`;
}

function describeRelayInfo(message: WithOptions): string | undefined {
  const relay = readRelayInfo(message);
  if (relay === undefined) return undefined;
  const parts: string[] = [];
  if (relay.circuitId !== undefined) parts.push(`circuit ${quoted(textFromBytes(relay.circuitId))}`);
  if (relay.remoteId !== undefined) parts.push(`remote ${quoted(textFromBytes(relay.remoteId))}`);
  if (relay.linkSelection !== undefined) parts.push(`link selection ${relay.linkSelection}`);
  if (relay.serverIdOverride !== undefined) parts.push(`server id override ${relay.serverIdOverride}`);
  const described = new Set([1, 2, 5, 11]);
  for (const { code, data } of relay.subOptions) {
    if (!described.has(code)) parts.push(`${code}=${hexFromBytes(data)}`);
  }
  return parts.join(", ");
}

const SUB_OPTION_NAMES: ReadonlyMap<number, string> = new Map(
  Object.entries(PXE_SUB_OPTION).map(([name, code]) => [code, name]),
);

function describeVendor(message: WithOptions): string | undefined {
  return readVendorOptions(message)
    ?.map(({ code, data }) => `${code} ${SUB_OPTION_NAMES.get(code) ?? "?"} ${hexOrEmpty(data)}`)
    .join(", ");
}

function describeRoutes(message: WithOptions): string | undefined {
  return readClasslessRoutes(message)
    ?.map(({ destination, router }) => `${destination.network}/${destination.prefixLength} via ${router}`)
    .join(", ");
}

/** A client's option 175 by name; of a server's settings the codes and values. */
function describeIpxe(message: WithOptions): string | undefined {
  const client = readIpxeFeatures(message);
  if (client === undefined) return undefined;
  if (client.version !== undefined) {
    return [`iPXE ${client.version}`, client.bus ?? "unknown bus", client.features.join(" ")].join(", ");
  }
  return readIpxeOptions(message)
    ?.map(({ code, data }) => `${code}=${hexFromBytes(data)}`)
    .join(", ");
}
