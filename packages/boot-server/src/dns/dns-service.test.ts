import { buildInventory, type NameFacts } from "@railhead/provisioning";
import { DNS_FLAG, encodeDnsMessage, parseIpv4, parseMac, parseSubnet, readDnsResponse } from "@railhead/wire";
import { type Answer, decode, encode, type OptAnswer, type Question } from "dns-packet";
import { describe, expect, test } from "vitest";
import type { ServerEvent } from "../log/events.ts";
import { DnsService } from "./dns-service.ts";
import { Forwarder } from "./forwarder.ts";

const NOW = 1_800_000_000_000;
const { inventory } = buildInventory({
  machines: [
    {
      file: "core-01.json",
      machine: {
        name: "core-01",
        macs: [parseMac("52:54:00:77:00:01")],
        address: parseIpv4("10.77.0.11"),
        boot: "network",
        labels: {},
      },
    },
  ],
  groups: [],
  profiles: [],
  ignitionFiles: new Set(),
});
const FACTS: NameFacts = {
  networks: [{ subnet: parseSubnet("10.77.0.0/24"), domain: "lab.test" }],
  inventory,
  bindings: { ofMac: () => [], ofAddress: () => undefined, ofLabel: () => [] },
  ttlSeconds: 60,
  now: NOW,
};
const CLIENT = { address: parseIpv4("10.77.0.100"), transport: "udp" } as const;
const STRANGER = { address: parseIpv4("192.0.2.1"), transport: "udp" } as const;
const OPT: OptAnswer = {
  type: "OPT",
  name: ".",
  udpPayloadSize: 4096,
  extendedRcode: 0,
  ednsVersion: 0,
  flags: 0,
  flag_do: false,
  options: [],
};

/** A service whose upstream answers everything with `answers`. */
function createService({ answers = [], upstream = true }: { answers?: Answer[]; upstream?: boolean } = {}) {
  const events: ServerEvent[] = [];
  const log = (event: ServerEvent) => void events.push(event);
  const asked: Uint8Array[] = [];
  const transport = ({ message }: { message: Uint8Array }) => {
    asked.push(message);
    const { id, questions } = decode(Buffer.from(message));
    const response = { type: "response", id: id ?? 0, questions: questions ?? [], answers } as const;
    return Promise.resolve(readDnsResponse(encode({ ...response })));
  };
  const resolvers = [{ address: parseIpv4("192.0.2.53"), port: 53 }];
  const forwarder = upstream
    ? new Forwarder({ resolvers, log, now: () => 0, transport: { udp: transport, tcp: transport } })
    : undefined;
  return { service: new DnsService({ facts: () => FACTS, forwarder, log }), events, asked };
}

interface QueryOptions {
  readonly flags?: number;
  readonly additionals?: Answer[];
  readonly client?: { readonly address: typeof CLIENT.address; readonly transport: "udp" | "tcp" };
  readonly service?: DnsService;
}

function query(question: Question, { flags = DNS_FLAG.recursionDesired, additionals = [] }: QueryOptions = {}) {
  return encode({ type: "query", id: 0xbeef, flags, questions: [question], additionals });
}

async function ask(name: string, type: string, options: QueryOptions = {}) {
  const { service = createService().service, client = CLIENT } = options;
  const bytes = query({ name, type: type as Question["type"] }, options);
  const reply = (await service.answer(bytes, client)) ?? new Uint8Array();
  return { reply, ...describeReply(reply) };
}

function describeReply(reply: Uint8Array) {
  const packet = decode(Buffer.from(reply));
  const flags = [
    packet.flag_qr ? "qr" : "",
    packet.flag_aa ? "aa" : "",
    packet.flag_tc ? "tc" : "",
    packet.flag_rd ? "rd" : "",
    packet.flag_ra ? "ra" : "",
  ];
  return { packet, rcode: (packet.flags ?? 0) & 0xf, flags: flags.filter((flag) => flag !== "").join(" ") };
}

describe("the machines' names", () => {
  test("a machine's address is answered with authority, in the letters of the question", async () => {
    const { packet, rcode, flags } = await ask("CoRe-01.LAB.test", "A");
    expect([rcode, flags, packet.id]).toEqual([0, "qr aa rd ra", 0xbeef]);
    expect(packet.questions).toEqual([{ name: "CoRe-01.LAB.test", type: "A", class: "IN" }]);
    expect(packet.answers).toEqual([
      { name: "CoRe-01.LAB.test", type: "A", class: "IN", flush: false, ttl: 60, data: "10.77.0.11" },
    ]);
  });

  test("and a machine's name by its address", async () => {
    const { packet, flags } = await ask("11.0.77.10.in-addr.arpa", "PTR");
    expect([flags, packet.answers?.map((record) => "data" in record && record.data)]).toEqual([
      "qr aa rd ra",
      ["core-01.lab.test"],
    ]);
  });

  test.each([
    ["what a machine does not have is no data", "core-01.lab.test", "AAAA", 0, "lab.test"],
    ["a machine that is not there is no name", "core-99.lab.test", "A", 3, "lab.test"],
    ["an address nobody has is no name", "12.0.77.10.in-addr.arpa", "PTR", 3, "0.77.10.in-addr.arpa"],
  ])("%s, with the zone that says so (RFC 2308)", async (_what, name, type, expected, zone) => {
    const { packet, rcode, flags } = await ask(name, type);
    expect([rcode, flags, packet.answers]).toEqual([expected, "qr aa rd ra", []]);
    expect(packet.authorities).toMatchObject([{ name: zone, type: "SOA", ttl: 10, data: { minimum: 10 } }]);
  });

  test("they are answered to anybody, but without an offer to ask others", async () => {
    const { rcode, flags } = await ask("core-01.lab.test", "A", { client: STRANGER });
    expect([rcode, flags]).toEqual([0, "qr aa rd"]);
  });
});

describe("other names", () => {
  const answers: Answer[] = [{ name: "example.org", type: "A", ttl: 300, data: "192.0.2.7" }];

  test("are asked of another server, and its answer is passed on without authority", async () => {
    const { service, asked } = createService({ answers });
    const { packet, rcode, flags } = await ask("Example.ORG", "A", { service });
    expect([rcode, flags, asked.length]).toEqual([0, "qr rd ra", 1]);
    expect(packet.questions?.[0]?.name).toBe("Example.ORG");
    expect(packet.answers).toMatchObject([{ name: "example.org", ttl: 300, data: "192.0.2.7" }]);
  });

  test.each<readonly [string, QueryOptions, number]>([
    ["for a client of a served network", {}, 0],
    ["for this machine itself", { client: { address: parseIpv4("127.0.0.1"), transport: "udp" } }, 0],
    ["not for a stranger", { client: STRANGER }, 5],
    ["not for who wants no recursion", { flags: 0 }, 5],
    ["not where there is no other server", { service: createService({ upstream: false }).service }, 5],
  ])("%s", async (_who, options, expected) => {
    expect((await ask("example.org", "A", options)).rcode).toBe(expected);
  });

  test("ANY is answered with a record that says so, and nobody is asked (RFC 8482)", async () => {
    const { service, asked } = createService({ answers });
    const { packet } = await ask("example.org", "ANY", { service });
    expect(packet.answers).toMatchObject([{ type: "HINFO", data: { cpu: "RFC8482", os: "" } }]);
    expect(asked).toEqual([]);
  });

  test.each(["AXFR", "IXFR", "TKEY", "OPT"])("%s is refused", async (type) => {
    expect((await ask("lab.test", type)).rcode).toBe(5);
  });

  test("another class is refused", async () => {
    const { service } = createService();
    const reply = await service.answer(query({ name: "version.bind", type: "TXT", class: "CH" }), CLIENT);
    expect(describeReply(reply ?? new Uint8Array()).rcode).toBe(5);
  });
});

describe("the size of an answer", () => {
  const answers = Array.from({ length: 40 }, (_, index): Answer => {
    return { name: "example.org", type: "A", ttl: 300, data: `192.0.2.${index}` };
  });

  test.each<readonly [string, QueryOptions, number, boolean]>([
    ["by UDP without EDNS: cut off at 512 bytes", {}, 512, true],
    ["by UDP with EDNS: cut off at 1232 bytes, whatever the client says", { additionals: [OPT] }, 1232, true],
    ["by TCP: whole", { client: { ...CLIENT, transport: "tcp" } }, 65_535, false],
  ])("%s", async (_what, options, limit, truncated) => {
    const { service } = createService({ answers: [...answers, ...answers] });
    const { reply, packet } = await ask("example.org", "A", { ...options, service });
    expect(reply.length).toBeLessThanOrEqual(limit);
    expect([packet.flag_tc, packet.answers?.length]).toEqual([truncated, truncated ? 0 : 80]);
    expect(packet.questions).toHaveLength(1);
  });

  test("with EDNS more fits than without", async () => {
    const { service } = createService({ answers: answers.slice(0, 25) });
    const plain = await ask("example.org", "A", { service });
    const edns = await ask("example.org", "A", { service, additionals: [OPT] });
    expect([plain.packet.flag_tc, edns.packet.flag_tc]).toEqual([true, false]);
  });
});

describe("EDNS", () => {
  test("is answered where it is spoken, with our size and the client's DO bit (RFC 6891)", async () => {
    const { packet } = await ask("core-01.lab.test", "A", {
      additionals: [{ ...OPT, flags: 0x8000, flag_do: true }],
    });
    expect(packet.additionals).toMatchObject([{ type: "OPT", udpPayloadSize: 1232, flag_do: true }]);
    expect((await ask("core-01.lab.test", "A")).packet.additionals).toEqual([]);
  });

  test("of a version that does not exist is BADVERS", async () => {
    const { packet, rcode } = await ask("core-01.lab.test", "A", {
      additionals: [{ ...OPT, ednsVersion: 1 }],
    });
    expect([rcode, packet.answers]).toEqual([0, []]);
    expect(packet.additionals).toMatchObject([{ type: "OPT", extendedRcode: 1, ednsVersion: 0 }]);
  });
});

describe("messages that are no question", () => {
  const good = query({ name: "core-01.lab.test", type: "A" });
  const changed = (at: number, value: number) => {
    const bytes = Buffer.from(good);
    bytes[at] = value;
    return bytes;
  };

  test.each<readonly [string, Uint8Array, number]>([
    ["a NOTIFY is not implemented", changed(2, 4 << 3), 4],
    ["an UPDATE is not implemented", changed(2, 5 << 3), 4],
    ["two questions are an error (RFC 9619)", changed(5, 2), 1],
    ["no question is an error", changed(5, 0), 1],
    ["a question that brings an answer is an error", changed(7, 1), 1],
    ["a hundred additional records are an error", changed(11, 100), 1],
    ["a question that is cut off is an error", good.subarray(0, 20), 1],
    ["two OPT records are an error", query({ name: "a", type: "A" }, { additionals: [OPT, OPT] }), 1],
  ])("%s", async (_what, bytes, expected) => {
    const { service, events } = createService();
    const reply = (await service.answer(bytes, CLIENT)) ?? new Uint8Array();
    const { packet, rcode, flags } = describeReply(reply);
    expect([rcode, reply.length, packet.id]).toEqual([expected, 12, 0xbeef]);
    expect(flags).toMatch(/^qr( rd)?$/);
    expect(events.map(({ event }) => event)).toEqual(["dns.malformed"]);
  });

  test("a response is not answered", async () => {
    const { service } = createService();
    const response = encode({ type: "response", id: 1, questions: [{ name: "core-01.lab.test", type: "A" }] });
    expect(await service.answer(response, CLIENT)).toBeUndefined();
  });

  test("less than a header is one event and no answer", async () => {
    const { service, events } = createService();
    expect(await service.answer(new Uint8Array(11), CLIENT)).toBeUndefined();
    expect(events).toMatchObject([{ event: "dns.malformed", from: "10.77.0.100" }]);
  });

  test("a message of ten thousand questions costs no time", async () => {
    const { service } = createService();
    const header = encodeDnsMessage({ id: 1, flags: 0 });
    const bytes = new Uint8Array(65_000);
    bytes.set(header);
    bytes.set([0x27, 0x10], 4);
    const startedAt = performance.now();
    for (let round = 0; round < 100; round += 1) await service.answer(bytes, CLIENT);
    expect(performance.now() - startedAt).toBeLessThan(1000);
  });
});

test("of 10,000 messages with bytes changed, cut or made up, none fails and every answer is a response (fuzz)", async () => {
  const { service, events } = createService({
    answers: [{ name: "example.org", type: "A", ttl: 300, data: "192.0.2.7" }],
  });
  const seeds = [
    query({ name: "core-01.lab.test", type: "A" }, { additionals: [OPT] }),
    query({ name: "11.0.77.10.in-addr.arpa", type: "PTR" }),
    query({ name: "example.org", type: "AAAA" }, { additionals: [{ ...OPT, flags: 0x8000, flag_do: true }] }),
    query({ name: "a.b.c.d.e.f.g.lab.test", type: "SOA" }),
  ];
  const random = randomNumbers(20_261_120);
  const replies: (Uint8Array | undefined)[] = [];
  for (let round = 0; round < 10_000; round += 1) {
    const seed = seeds[round % seeds.length] ?? Buffer.alloc(0);
    const bytes = Buffer.from(round % 10 === 0 ? Array.from({ length: random(200) }, () => random(256)) : seed);
    for (let change = random(6); change > 0 && bytes.length > 0; change -= 1) bytes[random(bytes.length)] = random(256);
    const cut = round % 3 === 0 ? bytes.subarray(0, random(bytes.length + 1)) : bytes;
    replies.push(await service.answer(cut, round % 2 === 0 ? CLIENT : { ...CLIENT, transport: "tcp" }));
  }
  expect(events.filter(({ event }) => event === "dns.failed")).toEqual([]);
  const answered = replies.filter((reply) => reply !== undefined);
  expect(answered.length).toBeGreaterThan(5000);
  expect(answered.every((reply) => ((reply[2] ?? 0) & 0x80) !== 0)).toBe(true);
});

/** The same numbers in every run. */
function randomNumbers(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((state / 2 ** 32) * below);
  };
}
