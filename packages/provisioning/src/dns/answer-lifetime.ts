import { DNS_RCODE, type DnsResponse, dnsRcode } from "@railhead/wire";

export interface LifetimeLimits {
  readonly shortestSeconds: number;
  readonly longestSeconds: number;
  /** For "no such name" and "no such record". */
  readonly longestNegativeSeconds: number;
}

/**
 * How long another server's answer may be remembered. A "no" lasts as its zone says, and is not remembered where no zone
 * says anything (RFC 2308 section 5); everything else as its shortest record.
 *
 * @returns seconds; `undefined`: not at all
 */
export function answerLifetime(response: Pick<DnsResponse, "flags" | "records">, limits: LifetimeLimits) {
  const rcode = dnsRcode(response.flags);
  if (rcode !== DNS_RCODE.NOERROR && rcode !== DNS_RCODE.NXDOMAIN) return undefined;
  const negative = response.records.flatMap(({ section, ttlSeconds, soaMinimumSeconds }) =>
    section === "authority" && soaMinimumSeconds !== undefined ? [Math.min(ttlSeconds, soaMinimumSeconds)] : [],
  );
  const positive = response.records.flatMap(({ section, ttlSeconds }) => (section === "answer" ? [ttlSeconds] : []));
  const isNegative = positive.length === 0 || rcode === DNS_RCODE.NXDOMAIN || negative.length > 0;
  if (positive.length === 0 && negative.length === 0) return undefined;
  const longest = isNegative ? limits.longestNegativeSeconds : limits.longestSeconds;
  return Math.min(Math.max(Math.min(...positive, ...negative), limits.shortestSeconds), longest);
}
