import { describe, expect, test } from "vitest";
import { DEFAULT_TFTP_LIMITS, negotiate, type TftpLimits, type TftpTerms } from "./negotiate.ts";
import { decodeTftp, type TftpMode, type TftpPacket, type TftpRrq } from "./packet.ts";
import { newTransfer, stepTransfer, type TransferInput, type TransferState, type TransferStep } from "./transfer.ts";

function request(options: Readonly<Record<string, string>>, mode: TftpMode = "octet"): TftpRrq {
  const list = Object.entries(options).map(([name, value]) => ({ name, value }));
  return { kind: "rrq", fileName: "f", mode, options: list };
}

function oackOf(rrq: TftpRrq, limits: Partial<TftpLimits> = {}): string {
  const negotiation = negotiate(rrq, { size: 1000 }, { ...DEFAULT_TFTP_LIMITS, ...limits });
  if (negotiation.kind === "refused") return `refused: ${negotiation.message}`;
  return negotiation.terms.oack.map(({ name, value }) => `${name}=${value}`).join(" ");
}

const TERMS: TftpTerms = {
  blockSize: 8,
  windowSize: 1,
  retransmitMs: 1000,
  maxRetransmitMs: 8000,
  maxTries: 6,
  rolloverTo: 0,
  oack: [],
};
const TSIZE = [{ name: "tsize", value: "20" }];
const START: TransferInput = { kind: "start" };
const TIMEOUT: TransferInput = { kind: "timeout" };
const packet = (value: TftpPacket): TransferInput => ({ kind: "packet", packet: value });
const ack = (block: number): TransferInput => packet({ kind: "ack", block });

function said(bytes: Uint8Array): string {
  const decoded = decodeTftp(bytes);
  switch (decoded.kind) {
    case "data":
      return `${decoded.block}[${decoded.data.length}]`;
    case "oack":
      return "oack";
    case "error":
      return `error ${decoded.code}`;
    default:
      return decoded.kind;
  }
}

/** What each input was answered by: packets, `~` and the new timer, `=` and the outcome. */
function converse(terms: Partial<TftpTerms>, size: number, inputs: readonly TransferInput[]): readonly string[] {
  let state: TransferState = newTransfer({ ...TERMS, ...terms }, new Uint8Array(size));
  return inputs.map((input) => {
    const step: TransferStep = stepTransfer(state, input);
    state = step.state;
    const timer = step.timerMs === undefined ? [] : [`~${step.timerMs}`];
    const outcome = step.outcome === undefined ? [] : [`=${step.outcome.kind}`];
    return [...step.send.map(said), ...timer, ...outcome].join(" ");
  });
}

describe("negotiation (RFC 2347)", () => {
  test.each([
    [
      "EDK2's request is granted as asked (R14)",
      { tsize: "0", blksize: "1468", windowsize: "4" },
      "tsize=1000 blksize=1468 windowsize=4",
    ],
    ["iPXE's request", { blksize: "1432", tsize: "0" }, "blksize=1432 tsize=1000"],
    [
      "curl's request: timeout is echoed exactly (RFC 2349)",
      { tsize: "0", blksize: "512", timeout: "6" },
      "tsize=1000 blksize=512 timeout=6",
    ],
    ["blksize is clamped to what fits the path", { blksize: "65464" }, "blksize=1468"],
    ["blksize is never larger than asked (R16)", { blksize: "8" }, "blksize=8"],
    ["windowsize is clamped (RFC 7440)", { windowsize: "65535" }, "windowsize=64"],
    ["an unknown option is left out", { blksize2: "1024", rollover: "0", tsize: "0" }, "tsize=1000"],
    ["an option named as an object's own is left out", { constructor: "1", toString: "1" }, ""],
    ["no options, no OACK", {}, ""],
    ["blksize below 8 is left out (RFC 2348)", { blksize: "7" }, ""],
    ["blksize above 65464 is left out (RFC 2348)", { blksize: "65465" }, ""],
    ["timeout 0 and 256 are left out", { timeout: "0" }, ""],
    ["timeout 256 is left out", { timeout: "256" }, ""],
    ["windowsize 0 is left out", { windowsize: "0" }, ""],
    ["what is not a number is left out", { blksize: "1e3", windowsize: "-1", timeout: " 1", tsize: "" }, ""],
  ])("%s", (_what, options, oack) => {
    expect(oackOf(request(options))).toBe(oack);
  });

  test("tsize is left out for netascii, where the client counts other bytes", () => {
    expect(oackOf(request({ tsize: "0", blksize: "512" }, "netascii"))).toBe("blksize=512");
  });

  test("mail mode is refused (RFC 1350 section 5)", () => {
    expect(oackOf(request({}, "mail"))).toBe("refused: mail mode is not supported");
  });

  test("what was agreed holds for the transfer", () => {
    const options = { blksize: "1024", windowsize: "8", timeout: "10" };
    expect(negotiate(request(options), { size: 1 }, { ...DEFAULT_TFTP_LIMITS, maxWindowSize: 4 })).toMatchObject({
      terms: { blockSize: 1024, windowSize: 4, retransmitMs: 10_000, maxRetransmitMs: 10_000 },
    });
    expect(negotiate(request({}), { size: 1 })).toMatchObject({
      terms: { blockSize: 512, windowSize: 1, retransmitMs: 1000, maxRetransmitMs: 8000 },
    });
  });
});

describe("a transfer (RFC 1350)", () => {
  test("without options begins with DATA 1 and ends with the ACK of a short block", () => {
    expect(converse({}, 20, [START, ack(1), ack(2), ack(3)])).toEqual([
      "1[8] ~1000",
      "2[8] ~1000",
      "3[4] ~1000",
      "=complete",
    ]);
  });

  test("whose size is a multiple of the block size ends with an empty block (section 6)", () => {
    expect(converse({}, 16, [START, ack(1), ack(2), ack(3)])).toEqual([
      "1[8] ~1000",
      "2[8] ~1000",
      "3[0] ~1000",
      "=complete",
    ]);
  });

  test("of an empty file is one empty block", () => {
    expect(converse({}, 0, [START, ack(1)])).toEqual(["1[0] ~1000", "=complete"]);
  });

  test("with options begins with OACK and DATA follows ACK 0 (RFC 2347)", () => {
    expect(converse({ oack: TSIZE }, 20, [START, ack(1), ack(0), ack(0), ack(1)])).toEqual([
      "oack ~1000",
      "",
      "1[8] ~1000",
      "",
      "2[8] ~1000",
    ]);
  });

  test("sends what is outstanding again with doubling waits, then gives the client up", () => {
    const waits = ["~1000", "~2000", "~4000", "~8000", "~8000", "~8000"];
    const timeouts = Array.from({ length: 6 }, () => TIMEOUT);
    expect(converse({ oack: TSIZE }, 20, [START, ...timeouts])).toEqual([
      ...waits.map((wait) => `oack ${wait}`),
      "=timed-out",
    ]);
    expect(converse({}, 20, [START, ...timeouts])).toEqual([...waits.map((wait) => `1[8] ${wait}`), "=timed-out"]);
  });

  test("counts tries anew for each block", () => {
    expect(converse({}, 20, [START, TIMEOUT, TIMEOUT, ack(1), TIMEOUT])).toEqual([
      "1[8] ~1000",
      "1[8] ~2000",
      "1[8] ~4000",
      "2[8] ~1000",
      "2[8] ~2000",
    ]);
  });

  test("waits for the final ACK, which may be lost, by sending the last block again", () => {
    expect(converse({}, 8, [START, ack(1), TIMEOUT, ack(2), ack(2)])).toEqual([
      "1[8] ~1000",
      "2[0] ~1000",
      "2[0] ~2000",
      "=complete",
      "",
    ]);
  });

  test("never answers a duplicate ACK with DATA, nor one of the future (R15, RFC 1123 section 4.2.3.1)", () => {
    expect(converse({}, 40, [START, ack(0), ack(1), ack(1), ack(0), ack(5), ack(65535), ack(2)])).toEqual([
      "1[8] ~1000",
      "",
      "2[8] ~1000",
      "",
      "",
      "",
      "",
      "3[8] ~1000",
    ]);
  });

  test("ends on the client's ERROR; after an OACK that is how EDK2 asks for the size (R14)", () => {
    const error = packet({ kind: "error", code: 8, message: "User aborted the transfer" });
    const outcomeAfter = (terms: Partial<TftpTerms>) => {
      const started = stepTransfer(newTransfer({ ...TERMS, ...terms }, new Uint8Array(20)), START);
      return stepTransfer(started.state, error).outcome;
    };
    const aborted = { kind: "aborted", code: 8, message: "User aborted the transfer" };
    expect(outcomeAfter({ oack: TSIZE })).toEqual({ ...aborted, afterOack: true });
    expect(outcomeAfter({})).toEqual({ ...aborted, afterOack: false });
  });

  test("tells a client that writes that this is illegal, and ends", () => {
    const data = packet({ kind: "data", block: 1, data: new Uint8Array() });
    expect(converse({}, 20, [START, data, ack(1)])).toEqual(["1[8] ~1000", "error 4 =refused", ""]);
  });

  test("does not begin anew when its request comes again", () => {
    expect(converse({}, 20, [START, packet(request({})), START])).toEqual(["1[8] ~1000", "", ""]);
  });

  test("does nothing before it is started", () => {
    expect(converse({}, 20, [TIMEOUT, ack(0), START])).toEqual(["", "", "1[8] ~1000"]);
  });
});

describe("a window (RFC 7440)", () => {
  const window = { windowSize: 4 };

  test("is sent whole, and the next one on the ACK of its last block", () => {
    expect(converse(window, 50, [START, ack(4), ack(7)])).toEqual([
      "1[8] 2[8] 3[8] 4[8] ~1000",
      "5[8] 6[8] 7[2] ~1000",
      "=complete",
    ]);
  });

  test("begins after the block that a lower ACK names", () => {
    expect(converse(window, 80, [START, ack(2), ack(6)])).toEqual([
      "1[8] 2[8] 3[8] 4[8] ~1000",
      "3[8] 4[8] 5[8] 6[8] ~1000",
      "7[8] 8[8] 9[8] 10[8] ~1000",
    ]);
  });

  test("whose first block was lost is sent again once, then by the timer (R15)", () => {
    expect(converse(window, 80, [START, ack(4), ack(4), ack(4), ack(4), TIMEOUT, ack(4), ack(8)])).toEqual([
      "1[8] 2[8] 3[8] 4[8] ~1000",
      "5[8] 6[8] 7[8] 8[8] ~1000",
      "5[8] 6[8] 7[8] 8[8] ~1000",
      "",
      "",
      "5[8] 6[8] 7[8] 8[8] ~2000",
      "",
      "9[8] 10[8] 11[0] ~1000",
    ]);
  });

  test("sent again in vain does not double the next one: its repeated ACKs are not believed (R15)", () => {
    expect(converse(window, 200, [START, ack(4), ack(4), ack(8), ack(8), ack(8), ack(12), ack(12)])).toEqual([
      "1[8] 2[8] 3[8] 4[8] ~1000",
      "5[8] 6[8] 7[8] 8[8] ~1000",
      "5[8] 6[8] 7[8] 8[8] ~1000",
      "9[8] 10[8] 11[8] 12[8] ~1000",
      "",
      "",
      "13[8] 14[8] 15[8] 16[8] ~1000",
      "13[8] 14[8] 15[8] 16[8] ~1000",
    ]);
  });

  test("ends at the last block even when it is the first of its window", () => {
    expect(converse(window, 32, [START, ack(4), ack(5)])).toEqual([
      "1[8] 2[8] 3[8] 4[8] ~1000",
      "5[0] ~1000",
      "=complete",
    ]);
  });
});

test("DATA packets hold the file's bytes, and the file is not copied into the state", () => {
  const content = Uint8Array.from({ length: 20 }, (_, index) => index);
  const step = stepTransfer(newTransfer({ ...TERMS, windowSize: 3 }, content), START);
  const blocks = step.send.map(decodeTftp).flatMap((decoded) => (decoded.kind === "data" ? [...decoded.data] : []));
  expect(blocks).toEqual([...content]);
  expect(step.state.content).toBe(content);
});
