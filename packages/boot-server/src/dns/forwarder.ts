import { randomInt } from "node:crypto";
import { answerLifetime, type LifetimeLimits } from "@railhead/provisioning";
import { DNS_FLAG, DNS_RCODE, type DnsResponse, dnsQuestionKey, dnsRcode } from "@railhead/wire";
import type { EventLog } from "../log/events.ts";
import { type AgedAnswer, AnswerCache } from "./answer-cache.ts";
import type { DnsQuery } from "./query.ts";
import { encodeUpstreamQuery } from "./reply.ts";
import { formatResolver, type Resolver } from "./resolver.ts";
import { type Attempt, askByTcp, askByUdp, UpstreamError } from "./upstream.ts";

/** What the way to other servers is made of; replaced in tests. */
export interface UpstreamTransport {
  readonly udp: (attempt: Attempt) => Promise<DnsResponse>;
  readonly tcp: (attempt: Attempt) => Promise<DnsResponse>;
}

export interface ForwarderParts {
  /** In the order of preference. */
  readonly resolvers: readonly Resolver[];
  readonly log: EventLog;
  /** Milliseconds of a clock that is never set. */
  readonly now: () => number;
  readonly transport?: UpstreamTransport;
}

export type ForwardOutcome =
  | ({ readonly kind: "answer"; readonly from: "cache" | "upstream" } & AgedAnswer)
  /** No server gave an answer that can be passed on. */
  | { readonly kind: "failed" };

export const LIFETIMES: LifetimeLimits = { shortestSeconds: 1, longestSeconds: 86_400, longestNegativeSeconds: 900 };
const CACHE_LIMITS = { entries: 10_000, bytes: 16 * 1024 * 1024 };
/** Each costs a socket. */
const MOST_AT_ONCE = 256;
/** Resolvers of operating systems wait five seconds before they ask again. */
const PATIENCE_MILLISECONDS = 4500;
/** How long the first and the second round wait for each server. */
const ROUNDS_MILLISECONDS = [1000, 2000];
/** A failure is remembered so that a crowd that asks again does not wait each time (RFC 9520 section 3.2). */
const FAILURE_MILLISECONDS = 1000;
const FAILURES_UNTIL_DOWN = 2;
/** After which a server that was down is asked first again. */
const DOWN_MILLISECONDS = 30_000;
/** What a server says that cannot answer, or will not answer us; another one may. */
const ANSWERS: ReadonlySet<number> = new Set([DNS_RCODE.NOERROR, DNS_RCODE.NXDOMAIN]);

/** Asks other name servers, and remembers what they said. */
export class Forwarder {
  readonly #parts: ForwarderParts;
  readonly #transport: UpstreamTransport;
  readonly #cache: AnswerCache;
  readonly #inFlight = new Map<string, Promise<ForwardOutcome>>();
  readonly #failedAt = new Map<string, number>();
  readonly #health = new Map<Resolver, { readonly failures: number; readonly downUntil: number }>();
  readonly #stop = new AbortController();

  constructor(parts: ForwarderParts) {
    this.#parts = parts;
    this.#transport = parts.transport ?? { udp: askByUdp, tcp: askByTcp };
    this.#cache = new AnswerCache(CACHE_LIMITS, parts.now);
  }

  /** Those who ask for the same at the same time get the same answer. */
  resolve(query: Pick<DnsQuery, "question" | "edns" | "flags">): Promise<ForwardOutcome> {
    const checking = query.flags & DNS_FLAG.checkingDisabled;
    const key = `${query.edns?.dnssecOk === true ? "D" : "-"}${checking}${dnsQuestionKey(query.question)}`;
    const remembered = this.#cache.get(key);
    if (remembered !== undefined) return Promise.resolve({ kind: "answer", from: "cache", ...remembered });
    const underWay = this.#inFlight.get(key);
    if (underWay !== undefined) return underWay;
    const failedAt = this.#failedAt.get(key);
    const failedLately = failedAt !== undefined && this.#parts.now() - failedAt < FAILURE_MILLISECONDS;
    if (failedLately || this.#inFlight.size >= MOST_AT_ONCE) return Promise.resolve({ kind: "failed" });
    const asking = this.#ask(key, query).finally(() => this.#inFlight.delete(key));
    this.#inFlight.set(key, asking);
    return asking;
  }

  /** Gives up what is under way; those who wait are told that it failed. */
  close(): void {
    this.#stop.abort();
  }

  async #ask(key: string, query: Pick<DnsQuery, "question" | "edns" | "flags">): Promise<ForwardOutcome> {
    const { now } = this.#parts;
    const deadline = now() + PATIENCE_MILLISECONDS;
    for (const [round, wait] of ROUNDS_MILLISECONDS.entries()) {
      // The second time without EDNS: some servers choke on it (RFC 6891 section 6.2.2).
      const encode = encodeUpstreamQuery(query, round === 0 || query.edns?.dnssecOk === true);
      for (const resolver of this.#byHealth()) {
        const timeoutMs = Math.min(wait, deadline - now());
        if (timeoutMs <= 0 || this.#stop.signal.aborted) break;
        const response = await this.#askOne(resolver, encode(randomInt(0x10000)), timeoutMs);
        if (response === undefined || !ANSWERS.has(dnsRcode(response.flags))) continue;
        const lifetime = answerLifetime(response, LIFETIMES);
        if (lifetime !== undefined) this.#cache.set(key, response, lifetime);
        this.#failedAt.delete(key);
        return { kind: "answer", from: "upstream", response, ageSeconds: 0 };
      }
    }
    this.#rememberFailure(key);
    return { kind: "failed" };
  }

  async #askOne(resolver: Resolver, message: Uint8Array, timeoutMs: number): Promise<DnsResponse | undefined> {
    const attempt: Attempt = { resolver, message, timeoutMs, signal: this.#stop.signal };
    try {
      const short = await this.#transport.udp(attempt);
      const response = (short.flags & DNS_FLAG.truncated) === 0 ? short : await this.#transport.tcp(attempt);
      this.#succeeded(resolver);
      return response;
    } catch (error) {
      if (!(error instanceof UpstreamError)) throw error;
      if (error.code !== "closed") this.#failed(resolver, error);
      return undefined;
    }
  }

  /** Those that answer first, otherwise as configured. */
  #byHealth(): readonly Resolver[] {
    const now = this.#parts.now();
    const isDown = (resolver: Resolver) => Number((this.#health.get(resolver)?.downUntil ?? 0) > now);
    return this.#parts.resolvers.toSorted((a, b) => isDown(a) - isDown(b));
  }

  #succeeded(resolver: Resolver): void {
    const { failures = 0 } = this.#health.get(resolver) ?? {};
    this.#health.delete(resolver);
    if (failures >= FAILURES_UNTIL_DOWN) {
      this.#parts.log({ event: "dns.upstream-up", resolver: formatResolver(resolver) });
    }
  }

  /** One event when a server goes down, however many questions it leaves unanswered. */
  #failed(resolver: Resolver, error: UpstreamError): void {
    const failures = (this.#health.get(resolver)?.failures ?? 0) + 1;
    const downUntil = failures >= FAILURES_UNTIL_DOWN ? this.#parts.now() + DOWN_MILLISECONDS : 0;
    this.#health.set(resolver, { failures, downUntil });
    if (failures !== FAILURES_UNTIL_DOWN) return;
    this.#parts.log({ event: "dns.upstream-down", resolver: formatResolver(resolver), reason: error.message });
  }

  #rememberFailure(key: string): void {
    const now = this.#parts.now();
    for (const [other, at] of this.#failedAt) {
      if (now - at < FAILURE_MILLISECONDS && this.#failedAt.size < CACHE_LIMITS.entries) break;
      this.#failedAt.delete(other);
    }
    this.#failedAt.delete(key);
    this.#failedAt.set(key, now);
  }
}
