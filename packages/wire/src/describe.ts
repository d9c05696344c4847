import { macFromBytes } from "./address.ts";
import { DecodeError, hexFromBytes, quoted } from "./bytes.ts";
import { describeOption } from "./dhcp4/describe-option.ts";
import { fieldText } from "./dhcp4/header-text.ts";
import type { Dhcp4Message } from "./dhcp4/message.ts";
import { optionName } from "./dhcp4/option-codes.ts";
import type { TftpPacket } from "./tftp/packet.ts";

/**
 * The whole message as text, one field or option a line, for people: debug logs and goldens. It never throws: an option
 * that its reader refuses is shown in hexadecimal with the reason.
 */
export function describeDhcp4(message: Dhcp4Message): string {
  const flags = (message.broadcast ? 0x8000 : 0) | message.reservedFlags;
  const header = [
    `op: ${message.op}`,
    `hardware: type ${message.hardwareType}, ${message.hardwareLength} bytes, hops ${message.hops}`,
    `xid: 0x${message.xid.toString(16).padStart(8, "0")}`,
    `secs: ${message.secs}`,
    `flags: 0x${flags.toString(16).padStart(4, "0")}${message.broadcast ? " broadcast" : ""}`,
    `ciaddr: ${message.ciaddr}`,
    `yiaddr: ${message.yiaddr}`,
    `siaddr: ${message.siaddr}`,
    `giaddr: ${message.giaddr}`,
    `chaddr: ${describeChaddr(message)}`,
    `sname: ${describeField(message.sname)}`,
    `file: ${describeField(message.file)}`,
  ];
  const options = message.options.map((option) => {
    const value = describeOrSay(() => describeOption(message, option), option.data);
    return `${option.code} ${optionName(option.code) ?? "?"}: ${value}`;
  });
  return `${[...header, ...options].join("\n")}\n`;
}

function describeOrSay(describe: () => string, data: Uint8Array): string {
  try {
    return describe();
  } catch (error) {
    if (!(error instanceof DecodeError)) throw error;
    return `malformed, ${error.message}: ${hexFromBytes(data)}`;
  }
}

function describeChaddr(message: Dhcp4Message): string {
  const address = message.chaddr.subarray(0, message.hardwareLength);
  const rest = message.chaddr.subarray(message.hardwareLength);
  const text = address.length === 6 ? macFromBytes(address) : hexFromBytes(address);
  return rest.some((octet) => octet !== 0) ? `${text} then ${hexFromBytes(rest)}` : text;
}

/** A field may hold more after its NUL: the remains of the packet whose memory the sender reused. */
function describeField(field: Uint8Array): string {
  const text = fieldText(field);
  const rest = field.subarray(text.length);
  return rest.some((octet) => octet !== 0)
    ? `${quoted(text)} then ${hexFromBytes(rest).replace(/(?:00)+$/, "")}`
    : quoted(text);
}

/** One line for a TFTP packet; of DATA only the length. */
export function describeTftp(packet: TftpPacket): string {
  switch (packet.kind) {
    case "rrq":
    case "wrq":
      return [packet.kind.toUpperCase(), quoted(packet.fileName), packet.mode, ...packet.options.map(assignment)].join(
        " ",
      );
    case "data":
      return `DATA ${packet.block}, ${packet.data.length} bytes`;
    case "ack":
      return `ACK ${packet.block}`;
    case "error":
      return `ERROR ${packet.code} ${quoted(packet.message)}`;
    case "oack":
      return ["OACK", ...packet.options.map(assignment)].join(" ");
  }
}

function assignment(option: { readonly name: string; readonly value: string }): string {
  return `${option.name}=${option.value}`;
}
