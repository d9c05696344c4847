import { answerName, type NameAnswer, type NameFacts } from "@railhead/provisioning";
import {
  agedDnsBody,
  DecodeError,
  DNS_FLAG,
  DNS_RCODE,
  dnsRcode,
  type Ipv4Address,
  type Ipv4Subnet,
  parseSubnet,
  subnetContains,
} from "@railhead/wire";
import type { EventLog } from "../log/events.ts";
import { type Forwarder, LIFETIMES } from "./forwarder.ts";
import { type DnsQuery, readMessage } from "./query.ts";
import {
  anyBody,
  authorityBody,
  encodeBadVersion,
  encodeRefusal,
  encodeReply,
  type Reply,
  recordsBody,
} from "./reply.ts";

/** Who asks, and by what. */
export interface DnsClient {
  readonly address: Ipv4Address;
  readonly transport: "udp" | "tcp";
}

export interface DnsServiceParts {
  /** What is known now; from one snapshot. */
  readonly facts: () => NameFacts;
  /** Absent: no other server is asked. */
  readonly forwarder: Forwarder | undefined;
  readonly log: EventLog;
}

/** Where an answer came from, as the log tells it. */
type Source = "own" | "cache" | "upstream" | "refused" | "failed";

interface Answered extends Reply {
  readonly source: Source;
}

/** "No such name" is soon untrue where machines come up. */
const SECONDS_OF_NO = 10;
const LOOPBACK: Ipv4Subnet = parseSubnet("127.0.0.0/8");
/** Questions about the server or the transaction, and transfers of zones (RFC 6895 section 3.1). */
const META_TYPES: ReadonlySet<string> = new Set(["OPT", "TKEY", "TSIG", "IXFR", "AXFR", "UNKNOWN_253", "UNKNOWN_254"]);

/** Answers DNS messages: for the machines' names by itself, for all others by asking. */
export class DnsService {
  readonly #parts: DnsServiceParts;

  constructor(parts: DnsServiceParts) {
    this.#parts = parts;
  }

  /** Answers one message. Never rejects; `undefined`: nothing is to be said. */
  async answer(message: Uint8Array, client: DnsClient): Promise<Uint8Array | undefined> {
    const { log } = this.#parts;
    try {
      const received = readMessage(message);
      switch (received.kind) {
        case "response":
          return undefined;
        case "refusal":
          log({ event: "dns.malformed", reason: received.reason, from: client.address });
          return encodeRefusal(received);
        case "query":
          return await this.#serve(received.query, client);
      }
    } catch (error) {
      if (error instanceof DecodeError) {
        log({ event: "dns.malformed", reason: error.message, from: client.address });
      } else {
        log({
          event: "dns.failed",
          from: client.address,
          error: error instanceof Error ? error.message : String(error),
        });
      }
      return undefined;
    }
  }

  async #serve(query: DnsQuery, client: DnsClient): Promise<Uint8Array> {
    if (query.edns !== undefined && query.edns.version > 0) return encodeBadVersion(query);
    const startedAt = performance.now();
    const { source, ...reply } = await this.#decide(query, client);
    this.#parts.log({
      event: "dns.query",
      name: printable(query.name),
      type: query.type,
      from: client.address,
      source,
      rcode: RCODE_NAMES.get(reply.rcode) ?? String(reply.rcode),
      milliseconds: Math.round(performance.now() - startedAt),
    });
    return encodeReply(query, reply, client.transport);
  }

  async #decide(query: DnsQuery, client: DnsClient): Promise<Answered> {
    const { forwarder } = this.#parts;
    const facts = this.#parts.facts();
    const recursion = forwarder !== undefined && isServed(client.address, facts) ? DNS_FLAG.recursionAvailable : 0;
    const refused: Answered = { source: "refused", rcode: DNS_RCODE.REFUSED, flags: recursion };
    if (query.class !== "IN" || META_TYPES.has(query.type)) return refused;

    const own = ownReply(query, answerName(query, facts));
    if (own !== undefined) return { source: "own", ...own, flags: recursion | DNS_FLAG.authoritative };

    if (forwarder === undefined || recursion === 0) return refused;
    if (query.type === "ANY") {
      return { source: "own", rcode: DNS_RCODE.NOERROR, flags: recursion, content: anyBody(query.name) };
    }
    if ((query.flags & DNS_FLAG.recursionDesired) === 0) return refused;
    const outcome = await forwarder.resolve(query);
    if (outcome.kind === "failed") return { source: "failed", rcode: DNS_RCODE.SERVFAIL, flags: recursion };
    const { response, ageSeconds } = outcome;
    const body = agedDnsBody(response, ageSeconds, LIFETIMES.longestSeconds);
    return {
      source: outcome.from,
      rcode: dnsRcode(response.flags),
      flags: recursion,
      content: { body, counts: response.counts },
    };
  }
}

const RCODE_NAMES: ReadonlyMap<number, string> = new Map(
  Object.entries(DNS_RCODE).map(([name, rcode]) => [rcode, name] as const),
);

function ownReply({ name }: DnsQuery, answer: NameAnswer): Pick<Reply, "rcode" | "content"> | undefined {
  switch (answer.kind) {
    case "records":
      return { rcode: DNS_RCODE.NOERROR, content: recordsBody(name, answer.records) };
    case "authority":
      return { rcode: DNS_RCODE.NOERROR, content: authorityBody(answer.zone, "answer", SECONDS_OF_NO) };
    case "no-data":
      if (answer.zone === undefined) return { rcode: DNS_RCODE.NOERROR };
      return { rcode: DNS_RCODE.NOERROR, content: authorityBody(answer.zone, "authority", SECONDS_OF_NO) };
    case "no-such-name":
      return { rcode: DNS_RCODE.NXDOMAIN, content: authorityBody(answer.zone, "authority", SECONDS_OF_NO) };
    case "elsewhere":
      return undefined;
  }
}

/** Others could use an open forwarder against third parties. */
function isServed(address: Ipv4Address, { networks }: NameFacts): boolean {
  return [LOOPBACK, ...networks.map(({ subnet }) => subnet)].some((subnet) => subnetContains(subnet, address));
}

/** A name as it may stand in a log: it holds any bytes. */
function printable(name: string): string {
  return name.replaceAll(/[^\x20-\x7e]/g, "?");
}
