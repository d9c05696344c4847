import { describe, expect, test } from "vitest";
import { bytesFromNumber, bytesFromText, concatBytes, DecodeError } from "../bytes.ts";
import {
  agedDnsBody,
  DNS_FLAG,
  dnsQuestionKey,
  encodeDnsMessage,
  readDnsHeader,
  readDnsQuestion,
  readDnsResponse,
} from "./message.ts";

const TO_QUESTION = Uint8Array.of(0xc0, 12);

function name(text: string): Uint8Array {
  const labels = text === "" ? [] : text.split(".");
  return concatBytes([
    ...labels.map((label) => concatBytes([Uint8Array.of(label.length), bytesFromText(label)])),
    Uint8Array.of(0),
  ]);
}

function question(text: string, type = 1): Uint8Array {
  return concatBytes([name(text), bytesFromNumber(type, 2), bytesFromNumber(1, 2)]);
}

function record(type: number, ttlSeconds: number, data: Uint8Array): Uint8Array {
  const numbers = [bytesFromNumber(type, 2), bytesFromNumber(1, 2), bytesFromNumber(ttlSeconds, 4)];
  return concatBytes([TO_QUESTION, ...numbers, bytesFromNumber(data.length, 2), data]);
}

const SOA_DATA = concatBytes([
  name("ns"),
  name("admin"),
  ...[7, 1, 2, 3, 45].map((value) => bytesFromNumber(value, 4)),
]);
const BODY = concatBytes([
  record(1, 300, Uint8Array.of(192, 0, 2, 1)),
  record(65, 60, Uint8Array.of(0, 1, 0)),
  record(6, 900, SOA_DATA),
]);
const RESPONSE = encodeDnsMessage({
  id: 0xbeef,
  flags: DNS_FLAG.response,
  question: question("WWW.Example.org"),
  body: BODY,
  counts: { answer: 2, authority: 1 },
});

describe("a response", () => {
  test("is kept byte for byte, with the places of its TTLs", () => {
    const response = readDnsResponse(RESPONSE);
    expect(response).toMatchObject({ id: 0xbeef, flags: DNS_FLAG.response, counts: { answer: 2, authority: 1 } });
    expect([response.question, response.body]).toEqual([question("WWW.Example.org"), BODY]);
    expect(response.records).toEqual([
      { section: "answer", type: 1, ttlSeconds: 300, ttlOffset: 6 },
      { section: "answer", type: 65, ttlSeconds: 60, ttlOffset: 22 },
      { section: "authority", type: 6, ttlSeconds: 900, ttlOffset: 37, soaMinimumSeconds: 45 },
    ]);
  });

  test("grows old: every TTL is less by its age, and never more than the longest", () => {
    const response = readDnsResponse(RESPONSE);
    const aged = readDnsResponse(encodeDnsMessage({ ...response, body: agedDnsBody(response, 100, 600) }));
    expect(aged.records.map(({ ttlSeconds }) => ttlSeconds)).toEqual([200, 0, 500]);
    expect(response.body).toEqual(BODY);
  });

  test("with a TTL that would be negative is not to be remembered (RFC 2181 section 8)", () => {
    const body = record(1, 0x80000000, Uint8Array.of(192, 0, 2, 1));
    const message = encodeDnsMessage({
      id: 1,
      flags: DNS_FLAG.response,
      question: question("a"),
      body,
      counts: { answer: 1, authority: 0 },
    });
    expect(readDnsResponse(message).records[0]?.ttlSeconds).toBe(0);
  });

  test("that is truncated may end anywhere, and has no records", () => {
    const cut = RESPONSE.slice(0, -30);
    cut[2] = (cut[2] ?? 0) | 0x02;
    expect(readDnsResponse(cut)).toMatchObject({ records: [], counts: { answer: 0, authority: 0 } });
  });

  test("cut off anywhere else is an error", () => {
    for (let length = 0; length < RESPONSE.length; length += 1) {
      expect(() => readDnsResponse(RESPONSE.slice(0, length)), `${length} bytes`).toThrow(DecodeError);
    }
  });

  test("that is a query, or has two questions, is none", () => {
    expect(() => readDnsResponse(encodeDnsMessage({ id: 1, flags: 0, question: question("a") }))).toThrow("a query");
    const two = RESPONSE.slice();
    two[5] = 2;
    expect(() => readDnsResponse(two)).toThrow("2 questions");
  });
});

test("of 10,000 responses with bytes changed, each is read or refused with a DecodeError, and those read can grow old (fuzz)", () => {
  let state = 20_261_120;
  const random = (below: number) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((state / 2 ** 32) * below);
  };
  const outcomes = Array.from({ length: 10_000 }, () => {
    const bytes = RESPONSE.slice(0, random(3) === 0 ? random(RESPONSE.length) : RESPONSE.length);
    for (let change = random(5); change > 0 && bytes.length > 0; change -= 1) bytes[random(bytes.length)] = random(256);
    try {
      const response = readDnsResponse(bytes);
      return agedDnsBody(response, random(1000), 600).length === response.body.length ? "read" : "changed";
    } catch (error) {
      return error instanceof DecodeError ? "refused" : String(error);
    }
  });
  expect(new Set(outcomes)).toEqual(new Set(["read", "refused"]));
});

describe("a question", () => {
  test("is the same in any case of letters, but not with another type (RFC 4343)", () => {
    expect(dnsQuestionKey(question("wWw.eXample.ORG"))).toBe(dnsQuestionKey(question("www.example.org")));
    expect(dnsQuestionKey(question("a", 0x4161))).not.toBe(dnsQuestionKey(question("a", 0x6161)));
    expect(dnsQuestionKey(question("a.b"))).not.toBe(
      dnsQuestionKey(concatBytes([Uint8Array.of(3), bytesFromText("a.b"), Uint8Array.of(0, 0, 1, 0, 1)])),
    );
  });

  test("has no pointer, no strange label and no more than 255 bytes", () => {
    const message = (asked: Uint8Array) => encodeDnsMessage({ id: 1, flags: 0, question: asked });
    const long = Array.from({ length: 4 }, () => "x".repeat(63)).join(".");
    expect(readDnsQuestion(message(question("a.b")))).toEqual(question("a.b"));
    expect(() => readDnsQuestion(message(concatBytes([TO_QUESTION, Uint8Array.of(0, 1, 0, 1)])))).toThrow("type 3");
    expect(() => readDnsQuestion(message(concatBytes([Uint8Array.of(0x41), new Uint8Array(70)])))).toThrow("type 1");
    expect(() => readDnsQuestion(message(question(long)))).toThrow("255 bytes");
  });
});

test("a header says how many of each there are", () => {
  const message = encodeDnsMessage({ id: 7, flags: 0x0100, opt: Uint8Array.of(0) });
  expect(readDnsHeader(message)).toEqual({
    id: 7,
    flags: 0x0100,
    counts: { question: 0, answer: 0, authority: 0, additional: 1 },
  });
});
