import { DecodeError, DNS_FLAG, DNS_RCODE, dnsOpcode, readDnsHeader, readDnsQuestion } from "@railhead/wire";
import { type Answer, decode, type OptAnswer } from "dns-packet";

/** A question that can be answered. */
export interface DnsQuery {
  readonly id: number;
  readonly flags: number;
  /** Name, type and class as they came, so that the answer has the same letters in the same case. */
  readonly question: Uint8Array;
  /** Without a trailing dot; empty for the root. */
  readonly name: string;
  /** "A", "PTR", "ANY", "UNKNOWN_65" ... */
  readonly type: string;
  readonly class: string;
  /** Absent: the client knows nothing of EDNS. */
  readonly edns: { readonly udpBytes: number; readonly version: number; readonly dnssecOk: boolean } | undefined;
}

/** What a message is to a server. */
export type ReceivedMessage =
  | { readonly kind: "query"; readonly query: DnsQuery }
  /** Somebody's answer: to answer it could start a quarrel without end. */
  | { readonly kind: "response" }
  | {
      readonly kind: "refusal";
      readonly id: number;
      readonly flags: number;
      readonly rcode: number;
      readonly reason: string;
    };

/** An OPT record and a signature, which is not looked at. */
const MOST_ADDITIONAL = 2;

/**
 * Reads what a client sent. Nothing is decoded before the header has said that it is one question, so that no message
 * takes long, however long it is.
 *
 * @throws DecodeError when there is not even a header
 */
export function readMessage(message: Uint8Array): ReceivedMessage {
  const { id, flags, counts } = readDnsHeader(message);
  if ((flags & DNS_FLAG.response) !== 0) return { kind: "response" };
  const refuse = (rcode: number, reason: string): ReceivedMessage => ({ kind: "refusal", id, flags, rcode, reason });
  if (dnsOpcode(flags) !== 0) return refuse(DNS_RCODE.NOTIMP, `opcode ${dnsOpcode(flags)}`);
  if (counts.question !== 1) return refuse(DNS_RCODE.FORMERR, `${counts.question} questions (RFC 9619)`);
  if (counts.answer + counts.authority > 0 || counts.additional > MOST_ADDITIONAL) {
    return refuse(DNS_RCODE.FORMERR, "a question that brings records");
  }
  try {
    return { kind: "query", query: readQuery(message) };
  } catch (error) {
    // The library throws plain errors and, at the end of a buffer, RangeErrors: all say that the bytes are wrong.
    return refuse(DNS_RCODE.FORMERR, error instanceof Error ? error.message : String(error));
  }
}

function readQuery(message: Uint8Array): DnsQuery {
  const question = readDnsQuestion(message);
  const packet = decode(Buffer.from(message.buffer, message.byteOffset, message.length));
  const [asked] = packet.questions ?? [];
  if (asked === undefined) throw new DecodeError("no question", 12);
  const options = (packet.additionals ?? []).filter(isOpt);
  const [opt] = options;
  if (options.length > 1) throw new DecodeError("two OPT records (RFC 6891 section 6.1.1)", 12);
  return {
    id: packet.id ?? 0,
    flags: packet.flags ?? 0,
    question,
    name: asked.name === "." ? "" : asked.name,
    type: asked.type,
    class: asked.class ?? "IN",
    edns:
      opt === undefined ? undefined : { udpBytes: opt.udpPayloadSize, version: opt.ednsVersion, dnssecOk: opt.flag_do },
  };
}

function isOpt(record: Answer): record is OptAnswer {
  return record.type === "OPT";
}
