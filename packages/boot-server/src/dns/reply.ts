import type { NameRecord } from "@railhead/provisioning";
import { DNS_FLAG, type DnsMessageParts, encodeDnsMessage } from "@railhead/wire";
import { type Answer, encode } from "dns-packet";
import type { DnsQuery } from "./query.ts";

/** What fits any path in one piece: fragments are lost and forged (RFC 9715). Said in our OPT records, too. */
export const UDP_BYTES = 1232;
const UDP_BYTES_WITHOUT_EDNS = 512;
const TCP_BYTES = 65_535;

/** Answer and authority sections in the form of the wire. */
export type ReplyBody = Required<Pick<DnsMessageParts, "body" | "counts">>;

export interface Reply {
  readonly rcode: number;
  /** Beside those that follow from the query. */
  readonly flags?: number;
  readonly content?: ReplyBody;
}

/** EDNS version 0 is the only one there is; this is the upper part of the response code 16 (RFC 6891 section 6.1.3). */
const BADVERS_UPPER = 1;

/**
 * The whole answer: the question as it came, an OPT record where there was one, cut off and marked so where it would not
 * fit (RFC 2181 section 9).
 */
export function encodeReply(query: DnsQuery, reply: Reply, transport: "udp" | "tcp"): Uint8Array {
  const { id, question, edns } = query;
  const copied = query.flags & (DNS_FLAG.recursionDesired | DNS_FLAG.checkingDisabled);
  const flags = DNS_FLAG.response | copied | (reply.flags ?? 0) | reply.rcode;
  const opt = edns === undefined ? undefined : optRecord({ dnssecOk: edns.dnssecOk });
  const whole = encodeDnsMessage({ id, flags, question, opt, ...reply.content });
  const limit = transport === "tcp" ? TCP_BYTES : udpLimit(edns?.udpBytes);
  return whole.length <= limit ? whole : encodeDnsMessage({ id, flags: flags | DNS_FLAG.truncated, question, opt });
}

/** The answer to an EDNS version that does not exist yet. */
export function encodeBadVersion({ id, flags, question }: DnsQuery): Uint8Array {
  const copied = flags & DNS_FLAG.recursionDesired;
  const opt = optRecord({ dnssecOk: false, upperRcode: BADVERS_UPPER });
  return encodeDnsMessage({ id, flags: DNS_FLAG.response | copied, question, opt });
}

/** The answer to what could not be understood: nothing but a header. */
export function encodeRefusal({ id, flags, rcode }: { id: number; flags: number; rcode: number }): Uint8Array {
  const opcode = flags & 0x7800;
  return encodeDnsMessage({ id, flags: DNS_FLAG.response | opcode | (flags & DNS_FLAG.recursionDesired) | rcode });
}

/** What is asked of another server. */
export function encodeUpstreamQuery(query: Pick<DnsQuery, "question" | "edns" | "flags">, withEdns: boolean) {
  const flags = DNS_FLAG.recursionDesired | (query.flags & DNS_FLAG.checkingDisabled);
  const opt = withEdns ? optRecord({ dnssecOk: query.edns?.dnssecOk ?? false }) : undefined;
  return (id: number): Uint8Array => encodeDnsMessage({ id, flags, question: query.question, opt });
}

/** @param name of the query */
export function recordsBody(name: string, records: readonly NameRecord[]): ReplyBody {
  const answers = records.map(
    (record): Answer =>
      record.type === "A"
        ? { type: "A", name, ttl: record.ttlSeconds, data: record.address }
        : { type: "PTR", name, ttl: record.ttlSeconds, data: record.target },
  );
  return { body: encodeBody({ answers }), counts: { answer: answers.length, authority: 0 } };
}

/** A zone's SOA record, as the answer itself or beside a "no" (RFC 2308 section 3). */
export function authorityBody(zone: string, section: "answer" | "authority", secondsOfNo: number): ReplyBody {
  const soa: Answer = {
    type: "SOA",
    name: zone,
    ttl: secondsOfNo,
    data: {
      mname: zone,
      rname: `hostmaster.${zone}`,
      // Nobody copies the zone, so its version says nothing.
      serial: 1,
      refresh: 3600,
      retry: 600,
      expire: 86_400,
      minimum: secondsOfNo,
    },
  };
  return section === "answer"
    ? { body: encodeBody({ answers: [soa] }), counts: { answer: 1, authority: 0 } }
    : { body: encodeBody({ authorities: [soa] }), counts: { answer: 0, authority: 1 } };
}

/** ANY is answered by a record that says so and can be remembered (RFC 8482 section 4.2). */
export function anyBody(name: string): ReplyBody {
  const record: Answer = { type: "HINFO", name, ttl: 3600, data: { cpu: "RFC8482", os: "" } };
  return { body: encodeBody({ answers: [record] }), counts: { answer: 1, authority: 0 } };
}

function udpLimit(clientBytes: number | undefined): number {
  if (clientBytes === undefined) return UDP_BYTES_WITHOUT_EDNS;
  return Math.min(Math.max(clientBytes, UDP_BYTES_WITHOUT_EDNS), UDP_BYTES);
}

function optRecord({ dnssecOk, upperRcode = 0 }: { dnssecOk: boolean; upperRcode?: number }): Uint8Array {
  return encodeBody({
    additionals: [
      {
        type: "OPT",
        name: ".",
        udpPayloadSize: UDP_BYTES,
        extendedRcode: upperRcode,
        ednsVersion: 0,
        flags: dnssecOk ? 0x8000 : 0,
        flag_do: dnssecOk,
        options: [],
      },
    ],
  });
}

/** Records only: the library never makes pointers, so they can stand behind any header and question. */
function encodeBody(sections: { answers?: Answer[]; authorities?: Answer[]; additionals?: Answer[] }): Uint8Array {
  const HEADER_BYTES = 12;
  return new Uint8Array(encode(sections).subarray(HEADER_BYTES));
}
