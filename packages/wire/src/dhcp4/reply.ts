import { type Ipv4Address, ZERO_IPV4 } from "../address.ts";
import { fileField, snameField } from "./header-text.ts";
import type { Dhcp4Message } from "./message.ts";
import type { Dhcp4Option } from "./option-area.ts";
import { messageType } from "./options.ts";

/** What a reply says beyond what it takes over from its request. */
export interface ReplyFields {
  readonly ciaddr?: Ipv4Address;
  readonly yiaddr?: Ipv4Address;
  /** The TFTP server; iPXE does not boot without it (rule R2). */
  readonly siaddr?: Ipv4Address;
  readonly sname?: string;
  /** At most 127 characters. */
  readonly file?: string;
  readonly options: readonly Dhcp4Option[];
}

/**
 * A reply to this request: `xid`, `flags`, `giaddr` and `chaddr` are the request's, `hops` and `secs` zero (RFC 2131
 * section 4.3.1, table 3). A NAK through a relay has the broadcast bit set, because the client has no address the relay
 * could reach it at (section 4.3.2). Throws EncodeError when `sname` or `file` is too long.
 */
export function replyTo(request: Dhcp4Message, fields: ReplyFields): Dhcp4Message {
  const relayedNak = request.giaddr !== ZERO_IPV4 && messageType(fields) === "nak";
  return {
    op: "reply",
    hardwareType: request.hardwareType,
    hardwareLength: request.hardwareLength,
    hops: 0,
    xid: request.xid,
    secs: 0,
    broadcast: request.broadcast || relayedNak,
    reservedFlags: request.reservedFlags,
    ciaddr: fields.ciaddr ?? ZERO_IPV4,
    yiaddr: fields.yiaddr ?? ZERO_IPV4,
    siaddr: fields.siaddr ?? ZERO_IPV4,
    giaddr: request.giaddr,
    chaddr: request.chaddr,
    sname: snameField(fields.sname ?? ""),
    file: fileField(fields.file ?? ""),
    options: fields.options,
  };
}
