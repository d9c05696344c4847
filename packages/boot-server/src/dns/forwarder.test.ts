import { DNS_FLAG, type DnsResponse, parseIpv4, readDnsQuestion, readDnsResponse } from "@railhead/wire";
import { decode, encode } from "dns-packet";
import { describe, expect, test } from "vitest";
import type { ServerEvent } from "../log/events.ts";
import { Forwarder } from "./forwarder.ts";
import { formatResolver, parseResolver } from "./resolver.ts";
import { type Attempt, UpstreamError } from "./upstream.ts";

const FIRST = { address: parseIpv4("192.0.2.1"), port: 53 };
const SECOND = { address: parseIpv4("192.0.2.2"), port: 53 };

type Behaviour =
  | "answer"
  | "no-name"
  | "servfail"
  | "refused"
  | "truncated"
  | "timeout"
  | "unreachable"
  | "formerr-on-edns";

/** A forwarder in a world without sockets; waiting takes no time but on its clock. */
function createForwarder(behaviours: Partial<Record<string, Behaviour>>, resolvers = [FIRST, SECOND]) {
  let now = 0;
  const events: ServerEvent[] = [];
  const asked: string[] = [];
  const behave = (attempt: Attempt, transport: "udp" | "tcp"): Promise<DnsResponse> => {
    const { resolver, message, timeoutMs } = attempt;
    const { id, questions, additionals = [] } = decode(Buffer.from(message));
    asked.push(`${transport} ${resolver.address}${additionals.length === 0 ? " plain" : ""}`);
    const respond = (flags: number, withAnswer: boolean) =>
      readDnsResponse(
        encode({
          type: "response",
          id: id ?? 0,
          flags,
          questions: questions ?? [],
          answers: withAnswer ? [{ name: "example.org", type: "A", ttl: 300, data: "192.0.2.7" }] : [],
          authorities: withAnswer
            ? []
            : [{ name: "org", type: "SOA", ttl: 60, data: { mname: "ns.org", rname: "admin.org", minimum: 30 } }],
        }),
      );
    switch (behaviours[resolver.address]) {
      case "unreachable":
        return Promise.reject(new UpstreamError("unreachable", "connection refused"));
      case "servfail":
        return Promise.resolve(respond(2, false));
      case "refused":
        return Promise.resolve(respond(5, false));
      case "no-name":
        return Promise.resolve(respond(3, false));
      case "formerr-on-edns":
        return Promise.resolve(additionals.length > 0 ? respond(1, false) : respond(0, true));
      case "truncated":
        return Promise.resolve(transport === "udp" ? respond(DNS_FLAG.truncated, false) : respond(0, true));
      case "answer":
        return Promise.resolve(respond(0, true));
      case "timeout":
      default:
        now += timeoutMs;
        return Promise.reject(new UpstreamError("timeout", "no answer"));
    }
  };
  const forwarder = new Forwarder({
    resolvers,
    log: (event) => events.push(event),
    now: () => now,
    transport: { udp: (attempt) => behave(attempt, "udp"), tcp: (attempt) => behave(attempt, "tcp") },
  });
  return {
    forwarder,
    events,
    asked,
    behaviours,
    now: () => now,
    wait: (seconds: number) => void (now += seconds * 1000),
    resolve: (name = "example.org", flags = 0) => {
      const message = encode({ type: "query", questions: [{ name, type: "A" }] });
      return forwarder.resolve({ question: readDnsQuestion(message), flags, edns: undefined });
    },
  };
}

describe("which server is asked", () => {
  test.each<readonly [string, Partial<Record<string, Behaviour>>, readonly string[]]>([
    ["the first", { "192.0.2.1": "answer", "192.0.2.2": "answer" }, ["udp 192.0.2.1"]],
    ["the next, when the first is silent", { "192.0.2.2": "answer" }, ["udp 192.0.2.1", "udp 192.0.2.2"]],
    [
      "the next, when nobody listens",
      { "192.0.2.1": "unreachable", "192.0.2.2": "answer" },
      ["udp 192.0.2.1", "udp 192.0.2.2"],
    ],
    [
      "the next, when the first cannot say",
      { "192.0.2.1": "servfail", "192.0.2.2": "answer" },
      ["udp 192.0.2.1", "udp 192.0.2.2"],
    ],
    [
      "the next, when the first will not say",
      { "192.0.2.1": "refused", "192.0.2.2": "answer" },
      ["udp 192.0.2.1", "udp 192.0.2.2"],
    ],
    [
      "not the next, when the first knows that there is no such name",
      { "192.0.2.1": "no-name", "192.0.2.2": "answer" },
      ["udp 192.0.2.1"],
    ],
    ["the same by TCP, when the answer is cut off", { "192.0.2.1": "truncated" }, ["udp 192.0.2.1", "tcp 192.0.2.1"]],
    [
      "the same without EDNS, when it does not know EDNS",
      { "192.0.2.1": "formerr-on-edns", "192.0.2.2": "unreachable" },
      ["udp 192.0.2.1", "udp 192.0.2.2", "udp 192.0.2.1 plain"],
    ],
  ])("%s", async (_which, behaviours, expected) => {
    const { resolve, asked } = createForwarder(behaviours);
    expect((await resolve()).kind).toBe("answer");
    expect(asked).toEqual(expected);
  });

  test("nobody for longer than clients wait; then it has failed, and a crowd that asks again is told at once", async () => {
    const { resolve, asked, now, wait } = createForwarder({});
    expect(await resolve()).toEqual({ kind: "failed" });
    expect(now()).toBeLessThanOrEqual(4500);
    const tries = asked.length;
    expect(await resolve()).toEqual({ kind: "failed" });
    expect(asked.length).toBe(tries);
    wait(1);
    await resolve();
    expect(asked.length).toBeGreaterThan(tries);
  });

  test("one that is down comes last until half a minute has passed, and is reported once", async () => {
    const { resolve, asked, events, wait, behaviours } = createForwarder({ "192.0.2.2": "answer" });
    for (const name of ["a.org", "b.org"]) await resolve(name);
    asked.length = 0;
    for (const name of ["c.org", "d.org"]) await resolve(name);
    expect(asked).toEqual(["udp 192.0.2.2", "udp 192.0.2.2"]);
    expect(events).toEqual([{ event: "dns.upstream-down", resolver: "192.0.2.1", reason: "no answer" }]);
    behaviours["192.0.2.1"] = "answer";
    wait(30);
    await resolve("e.org");
    expect(asked.at(-1)).toBe("udp 192.0.2.1");
    expect(events.at(-1)).toEqual({ event: "dns.upstream-up", resolver: "192.0.2.1" });
  });
});

describe("what is remembered", () => {
  test("an answer, in any case of letters, until its TTL has passed", async () => {
    const { resolve, asked, wait } = createForwarder({ "192.0.2.1": "answer" });
    await resolve();
    wait(299);
    expect(await resolve("EXAMPLE.org")).toMatchObject({ from: "cache", ageSeconds: 299 });
    wait(1);
    expect(await resolve()).toMatchObject({ from: "upstream", ageSeconds: 0 });
    expect(asked).toHaveLength(2);
  });

  test("a no, as long as its zone says", async () => {
    const { resolve, wait } = createForwarder({ "192.0.2.1": "no-name" });
    await resolve();
    wait(29);
    expect(await resolve()).toMatchObject({ from: "cache" });
    wait(1);
    expect(await resolve()).toMatchObject({ from: "upstream" });
  });

  test("an unchecked answer only for those who want it unchecked", async () => {
    const { resolve } = createForwarder({ "192.0.2.1": "answer" });
    await resolve("example.org", DNS_FLAG.checkingDisabled);
    expect(await resolve()).toMatchObject({ from: "upstream" });
  });
});

test("those who ask for the same at the same time are answered by one question", async () => {
  const { resolve, asked } = createForwarder({ "192.0.2.1": "answer" });
  const outcomes = await Promise.all(
    Array.from({ length: 50 }, (_, index) => resolve(index % 2 === 0 ? "a.org" : "A.ORG")),
  );
  expect([new Set(outcomes.map(({ kind }) => kind)), asked.length]).toEqual([new Set(["answer"]), 1]);
});

test("no more than 256 questions are under way at once; the next is told that it failed", async () => {
  const { resolve, asked } = createForwarder({ "192.0.2.1": "answer" });
  const outcomes = await Promise.all(Array.from({ length: 300 }, (_, index) => resolve(`n${index}.org`)));
  expect(outcomes.filter(({ kind }) => kind === "failed")).toHaveLength(44);
  expect(asked).toHaveLength(256);
});

test("ids are not guessed from one another", async () => {
  const ids: number[] = [];
  const udp = ({ message }: Attempt) => {
    ids.push(new DataView(message.buffer, message.byteOffset).getUint16(0));
    return Promise.reject(new UpstreamError("timeout", "no answer"));
  };
  const forwarder = new Forwarder({
    resolvers: [FIRST],
    log: () => undefined,
    now: () => 0,
    transport: { udp, tcp: udp },
  });
  for (let index = 0; index < 50; index += 1) {
    const question = readDnsQuestion(encode({ type: "query", questions: [{ name: `n${index}.org`, type: "A" }] }));
    await forwarder.resolve({ question, flags: 0, edns: undefined });
  }
  expect(new Set(ids).size).toBeGreaterThan(90);
});

test.each([
  ["10.0.0.53", { address: "10.0.0.53", port: 53 }],
  ["10.0.0.53:5353", { address: "10.0.0.53", port: 5353 }],
])("the resolver %s can be written again", (text, resolver) => {
  expect(parseResolver(text)).toEqual(resolver);
  expect(formatResolver(parseResolver(text))).toBe(text);
});

test.each(["", "dns.example.org", "10.0.0.53:", "10.0.0.53:0", "10.0.0.53:65536", "::1"])(
  "%j is no resolver",
  (text) => {
    expect(() => parseResolver(text)).toThrow("not a");
  },
);
