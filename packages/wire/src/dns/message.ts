import { ByteReader, bytesFromNumber, concatBytes, DecodeError } from "../bytes.ts";

/** The bits of a DNS header beside opcode and response code (RFC 1035 section 4.1.1, RFC 4035 section 3). */
export const DNS_FLAG = {
  response: 0x8000,
  authoritative: 0x0400,
  truncated: 0x0200,
  recursionDesired: 0x0100,
  recursionAvailable: 0x0080,
  checkingDisabled: 0x0010,
} as const;

/** Response codes by name (RFC 1035 section 4.1.1). */
export const DNS_RCODE = { NOERROR: 0, FORMERR: 1, SERVFAIL: 2, NXDOMAIN: 3, NOTIMP: 4, REFUSED: 5 } as const;

/** Types of records that decide how an answer is treated. */
export const DNS_TYPE = { SOA: 6 } as const;

const HEADER_BYTES = 12;
const POINTER = 0xc0;
const MOST_NAME_BYTES = 255;

/** How many entries each section has. */
export interface DnsCounts {
  readonly question: number;
  readonly answer: number;
  readonly authority: number;
  readonly additional: number;
}

export interface DnsHeader {
  readonly id: number;
  /** All sixteen bits: `DNS_FLAG`, opcode and response code. */
  readonly flags: number;
  readonly counts: DnsCounts;
}

/** One record of an answer, as far as it matters to somebody who only passes it on. */
export interface DnsRecordPlace {
  readonly section: "answer" | "authority";
  readonly type: number;
  /** A value with the highest bit set means 0 (RFC 2181 section 8). */
  readonly ttlSeconds: number;
  /** Where the TTL stands in the body. */
  readonly ttlOffset: number;
  /** SOA only: how long its zone lets a "no" be remembered (RFC 2308 section 4). */
  readonly soaMinimumSeconds?: number;
}

/**
 * A response, kept as its bytes: what a forwarder passes on is exactly what it was given, compression, unknown types
 * and all. The additional section is left out, since nothing needs it.
 */
export interface DnsResponse {
  readonly id: number;
  readonly flags: number;
  /** Name, type and class, as in the message. */
  readonly question: Uint8Array;
  /** Answer and authority sections. Its pointers hold behind a header and a question of the same length. */
  readonly body: Uint8Array;
  readonly counts: Pick<DnsCounts, "answer" | "authority">;
  readonly records: readonly DnsRecordPlace[];
}

/** Throws {@link DecodeError} when there are no twelve bytes. */
export function readDnsHeader(message: Uint8Array): DnsHeader {
  return readHeader(new ByteReader(message));
}

/** The opcode among the flags (RFC 1035 section 4.1.1). */
export function dnsOpcode(flags: number): number {
  return (flags >> 11) & 0xf;
}

/** The response code among the flags. */
export function dnsRcode(flags: number): number {
  return flags & 0xf;
}

/**
 * The bytes of a message's first question: name, type and class. Nothing is before it that a pointer could lead to, so
 * its name is written out. Throws {@link DecodeError}.
 */
export function readDnsQuestion(message: Uint8Array): Uint8Array {
  const reader = new ByteReader(message);
  reader.bytes(HEADER_BYTES, "header");
  return readQuestion(reader);
}

/** The question in the form in which two that ask for the same are equal: ASCII letters in lower case (RFC 4343). */
export function dnsQuestionKey(question: Uint8Array): string {
  const nameEnd = question.length - 4;
  let key = "";
  for (const [index, byte] of question.entries()) {
    const isUpper = index < nameEnd && byte >= 0x41 && byte <= 0x5a;
    key += String.fromCharCode(isUpper ? byte + 0x20 : byte);
  }
  return key;
}

/**
 * Reads a response of one question.
 * Throws {@link DecodeError} when it is none, or when a record of its answer or authority section is cut off.
 */
export function readDnsResponse(message: Uint8Array): DnsResponse {
  const reader = new ByteReader(message);
  const { id, flags, counts } = readHeader(reader);
  if ((flags & DNS_FLAG.response) === 0) throw new DecodeError("a query, not a response", 2);
  if (counts.question !== 1) throw new DecodeError(`${counts.question} questions instead of one`, 4);
  const question = readQuestion(reader);
  const start = reader.offset;
  // What is cut off is fetched again by TCP, so it may end anywhere.
  if ((flags & DNS_FLAG.truncated) !== 0) {
    return { id, flags, question, body: new Uint8Array(0), counts: { answer: 0, authority: 0 }, records: [] };
  }
  const records: DnsRecordPlace[] = [];
  for (let count = 0; count < counts.answer; count += 1) records.push(readRecord(reader, "answer", start));
  for (let count = 0; count < counts.authority; count += 1) records.push(readRecord(reader, "authority", start));
  const { answer, authority } = counts;
  return { id, flags, question, body: message.slice(start, reader.offset), counts: { answer, authority }, records };
}

/** The body of a response that is `ageSeconds` old: every TTL, but no more than `longestSeconds`, is less by that. */
export function agedDnsBody(response: DnsResponse, ageSeconds: number, longestSeconds: number): Uint8Array {
  const body = response.body.slice();
  for (const { ttlSeconds, ttlOffset } of response.records) {
    const left = Math.max(0, Math.min(ttlSeconds, longestSeconds) - ageSeconds);
    body.set(bytesFromNumber(left, 4), ttlOffset);
  }
  return body;
}

/** A message in parts; each is already in the form of the wire. */
export interface DnsMessageParts {
  readonly id: number;
  readonly flags: number;
  /** None in the answer to what could not be understood. */
  readonly question?: Uint8Array;
  readonly body?: Uint8Array;
  /** Of the body. */
  readonly counts?: Pick<DnsCounts, "answer" | "authority">;
  /** A whole OPT record (RFC 6891 section 6.1), the only record of the additional section. */
  readonly opt?: Uint8Array | undefined;
}

/** Puts a message together. */
export function encodeDnsMessage({ id, flags, question, body, counts, opt }: DnsMessageParts): Uint8Array {
  const header = [id, flags, question === undefined ? 0 : 1, counts?.answer ?? 0, counts?.authority ?? 0];
  return concatBytes([
    ...[...header, opt === undefined ? 0 : 1].map((value) => bytesFromNumber(value, 2)),
    ...[question, body, opt].filter((part) => part !== undefined),
  ]);
}

function readHeader(reader: ByteReader): DnsHeader {
  const id = reader.uint16("id");
  const flags = reader.uint16("flags");
  const question = reader.uint16("number of questions");
  const answer = reader.uint16("number of answers");
  const authority = reader.uint16("number of authorities");
  const additional = reader.uint16("number of additional records");
  return { id, flags, counts: { question, answer, authority, additional } };
}

function readQuestion(reader: ByteReader): Uint8Array {
  const parts: Uint8Array[] = [];
  let nameBytes = 0;
  for (;;) {
    const start = reader.offset;
    const length = reader.uint8("length of a label");
    if (length >= 64) throw new DecodeError(`a question with a label of type ${length >> 6}`, start);
    parts.push(Uint8Array.of(length), reader.bytes(length, "label"));
    nameBytes += 1 + length;
    if (nameBytes > MOST_NAME_BYTES) throw new DecodeError("a name is over 255 bytes", start);
    if (length === 0) break;
  }
  parts.push(reader.bytes(4, "type and class"));
  return concatBytes(parts);
}

/** Passes over a name: labels, ended by a zero or by a pointer, which is not followed (RFC 1035 section 4.1.4). */
function skipName(reader: ByteReader): void {
  for (;;) {
    const start = reader.offset;
    const length = reader.uint8("length of a label");
    if (length === 0) return;
    if (length >= POINTER) {
      reader.uint8("pointer");
      return;
    }
    if (length >= 64) throw new DecodeError(`a label of type ${length >> 6} is not known`, start);
    reader.bytes(length, "label");
  }
}

function readRecord(reader: ByteReader, section: DnsRecordPlace["section"], bodyStart: number): DnsRecordPlace {
  skipName(reader);
  const type = reader.uint16("type");
  reader.uint16("class");
  const ttlOffset = reader.offset - bodyStart;
  const ttl = reader.uint32("time to live");
  const data = reader.bytes(reader.uint16("length of data"), "data");
  const place = { section, type, ttlSeconds: ttl > 0x7fffffff ? 0 : ttl, ttlOffset };
  if (type !== DNS_TYPE.SOA) return place;
  // Two names and five numbers, the last of which is the minimum.
  if (data.length < 22) throw new DecodeError("an SOA record is too short", reader.offset);
  return { ...place, soaMinimumSeconds: new ByteReader(data.subarray(-4)).uint32("minimum") };
}
