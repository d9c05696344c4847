import { TFTP_ERROR, type TftpOption, type TftpRrq } from "./packet.ts";

/** What this server allows and how patient it is. */
export interface TftpLimits {
  /** Largest blksize granted, 8..65464: what fits the path without fragments. */
  readonly maxBlockSize: number;
  /** Largest windowsize granted, 1..32768. */
  readonly maxWindowSize: number;
  /** First wait for an ACK, where the client did not ask for a timeout; it doubles with each try. */
  readonly retransmitMs: number;
  /** The doubling ends here, or at the timeout that the client asked for when that is longer. */
  readonly maxRetransmitMs: number;
  /** How often a packet is sent before the client counts as gone. */
  readonly maxTries: number;
  /** The block number after 65535: RFC 1350 does not say; 0 is what most clients expect. */
  readonly rolloverTo: 0 | 1;
}

/** 1468 = 1500 of Ethernet - 20 IP - 8 UDP - 4 TFTP. Six tries at 1, 2, 4, 8, 8 and 8 seconds. */
export const DEFAULT_TFTP_LIMITS: TftpLimits = {
  maxBlockSize: 1468,
  maxWindowSize: 64,
  retransmitMs: 1000,
  maxRetransmitMs: 8000,
  maxTries: 6,
  rolloverTo: 0,
};

/** What was agreed for one transfer. */
export interface TftpTerms {
  readonly blockSize: number;
  readonly windowSize: number;
  readonly retransmitMs: number;
  readonly maxRetransmitMs: number;
  readonly maxTries: number;
  readonly rolloverTo: 0 | 1;
  /** The options of the OACK; none means that DATA 1 follows the request at once. */
  readonly oack: readonly TftpOption[];
}

export type TftpNegotiation =
  | { readonly kind: "accepted"; readonly terms: TftpTerms }
  | { readonly kind: "refused"; readonly code: number; readonly message: string };

const DEFAULT_BLOCK_SIZE = 512;

/**
 * Agrees on the options of a read request (RFC 2347). Granted are blksize (RFC 2348), timeout and tsize (RFC 2349) and
 * windowsize (RFC 7440), never more than asked for (rule R16); an unknown option, or one whose value is out of its
 * range, is left out of the OACK, which tells the client so. `size` is what will be sent: the exact tsize (rule R14).
 * With netascii tsize is left out, because the client counts the file's bytes, not those on the wire.
 */
export function negotiate(
  request: TftpRrq,
  file: { readonly size: number },
  limits: TftpLimits = DEFAULT_TFTP_LIMITS,
): TftpNegotiation {
  if (request.mode === "mail") {
    return { kind: "refused", code: TFTP_ERROR.illegalOperation, message: "mail mode is not supported" };
  }
  const asked = (name: string, min: number, max: number): number | undefined => {
    const value = request.options.find((option) => option.name === name)?.value;
    if (value === undefined || !/^[0-9]{1,10}$/.test(value)) return undefined;
    const number = Number(value);
    return number >= min && number <= max ? number : undefined;
  };
  const blockSize = atMost(asked("blksize", 8, 65464), limits.maxBlockSize);
  const windowSize = atMost(asked("windowsize", 1, 65535), limits.maxWindowSize);
  const timeoutSeconds = asked("timeout", 1, 255);
  const size = request.mode === "octet" && asked("tsize", 0, 2 ** 32) !== undefined ? file.size : undefined;
  const granted: Readonly<Record<string, number | undefined>> = {
    blksize: blockSize,
    windowsize: windowSize,
    timeout: timeoutSeconds,
    tsize: size,
  };
  const retransmitMs = timeoutSeconds === undefined ? limits.retransmitMs : timeoutSeconds * 1000;
  return {
    kind: "accepted",
    terms: {
      blockSize: blockSize ?? DEFAULT_BLOCK_SIZE,
      windowSize: windowSize ?? 1,
      retransmitMs,
      maxRetransmitMs: Math.max(retransmitMs, limits.maxRetransmitMs),
      maxTries: limits.maxTries,
      rolloverTo: limits.rolloverTo,
      oack: request.options.flatMap(({ name }) => {
        const value = Object.hasOwn(granted, name) ? granted[name] : undefined;
        return value === undefined ? [] : [{ name, value: value.toString() }];
      }),
    },
  };
}

function atMost(asked: number | undefined, limit: number): number | undefined {
  return asked === undefined ? undefined : Math.min(asked, limit);
}
