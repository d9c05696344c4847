import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout } from "node:timers/promises";
import { createLab, exitOf, type Lab, type LabEvent, labNeeds, runOrThrow, startChild } from "@railhead/testkit";
import { beforeAll, describe, expect, test } from "vitest";
import { suspiciousEvents } from "./known-events.ts";
import { setMac, startUdhcpc, takenLease } from "./operating-system-clients.ts";

const needs = labNeeds("busybox", "dig", "dnsmasq", "host");

const CLIENT = "10.77.0.250";
const STRANGER = "192.0.2.9";
const UPSTREAM_PORT = 5353;
const FILES = {
  "data/machines/core-01.json": { name: "core-01", macs: ["52:54:00:77:00:01"], address: "10.77.0.11" },
  "data/machines/edge-01.json": { name: "edge-01", macs: ["52:54:00:77:00:02"] },
};

let lab: Lab;

/** A lab whose server answers DNS, and asks a server on the client's side. */
async function openLab(upstream: readonly string[] = [`${CLIENT}:${UPSTREAM_PORT}`]): Promise<() => Promise<void>> {
  lab = await createLab({
    files: FILES,
    clientAddress: `${CLIENT}/24`,
    settings: (settings) => ({
      ...settings,
      dns: { upstream },
      networks: settings.networks.map((network) => ({ ...network, dns: [] })),
    }),
  });
  return async () => {
    expect(suspiciousEvents(lab.server.events)).toEqual([]);
    await lab[Symbol.asyncDispose]();
  };
}

interface DigAnswer {
  readonly status: string;
  readonly flags: string;
  readonly question: string;
  /** "NAME TYPE DATA" */
  readonly answers: readonly string[];
  readonly ttl: number;
  readonly authority: readonly string[];
  readonly output: string;
}

async function dig(...args: readonly string[]): Promise<DigAnswer> {
  const fixed = ["@10.77.0.1", "+tries=1", "+time=8", "+nocookie"];
  const { stdout } = await lab.run(["dig", ...fixed, ...args]);
  const output = stdout.toString();
  const section = (title: string) => {
    const [, text = ""] = output.split(`;; ${title} SECTION:\n`);
    return (text.split("\n\n")[0] ?? "").split("\n").filter((line) => line !== "");
  };
  const answers = section("ANSWER").map((line) => line.split(/\s+/));
  return {
    status: /status: (\w+)/.exec(output)?.[1] ?? "none",
    flags: /flags: ([a-z ]+);/.exec(output)?.[1] ?? "",
    question:
      section("QUESTION")
        .find((line) => line.startsWith(";"))
        ?.split(/\s+/)[0]
        ?.slice(1) ?? "",
    answers: answers.map(([name, , , type, ...data]) => [name, type, ...data].join(" ")),
    ttl: Number(answers[0]?.[1]),
    authority: section("AUTHORITY"),
    output,
  };
}

interface Upstream extends AsyncDisposable {
  /** How often it has been asked for an address of this name. */
  asked(name: string): number;
}

/** dnsmasq, on the client's side, which knows a few names of a domain of its own. */
async function startUpstream(): Promise<Upstream> {
  const hosts = join(lab.directory, "upstream-hosts");
  const crowd = Array.from({ length: 120 }, (_, index) => `203.0.113.${index + 1} crowd.example`);
  writeFileSync(hosts, ["203.0.113.200 www.example", ...crowd, ""].join("\n"));
  const options = [
    "--keep-in-foreground",
    "--conf-file=/dev/null",
    "--user=root",
    "--pid-file",
    `--port=${UPSTREAM_PORT}`,
    `--listen-address=${CLIENT}`,
    "--bind-interfaces",
    "--no-resolv",
    "--no-hosts",
    `--addn-hosts=${hosts}`,
    "--local=/example/",
    "--local-ttl=300",
    "--log-queries",
    "--log-facility=-",
  ];
  const child = startChild(lab.network.inClient(["dnsmasq", ...options]));
  let said = "";
  child.stderr.setEncoding("utf8").on("data", (text: string) => (said += text));
  const ended = exitOf(child);
  await expect.poll(() => said, { timeout: 10_000 }).toMatch(/started/);
  return {
    asked: (name) => said.split(`query[A] ${name} from`).length - 1,
    async [Symbol.asyncDispose]() {
      child.kill("SIGTERM");
      await ended;
    },
  };
}

function queries(name: string): readonly LabEvent[] {
  return lab.server.events.filter((event) => event.event === "dns.query" && event["name"] === name);
}

async function sourcesOf(name: string, count: number): Promise<readonly unknown[]> {
  await expect.poll(() => queries(name).length).toBe(count);
  return queries(name).map((event) => event["source"]);
}

describe.skipIf(needs.skip)(`names, as dig sees them${needs.note}`, () => {
  beforeAll(() => openLab());

  test.each([["+notcp"], ["+tcp"]])("a machine's address and its name by address (%s)", async (transport) => {
    const forward = await dig(transport, "CoRe-01.lab.test");
    expect([forward.status, forward.flags, forward.question]).toEqual(["NOERROR", "qr aa rd ra", "CoRe-01.lab.test."]);
    expect(forward.answers).toEqual(["CoRe-01.lab.test. A 10.77.0.11"]);
    const reverse = await dig(transport, "-x", "10.77.0.11");
    expect(reverse.answers).toEqual(["11.0.77.10.in-addr.arpa. PTR core-01.lab.test."]);
  });

  test.each([
    ["a known name has no IPv6 address", "NOERROR", ["core-01.lab.test", "AAAA"], "lab.test."],
    ["an unknown name is not there", "NXDOMAIN", ["core-99.lab.test"], "lab.test."],
    ["an unknown address has no name", "NXDOMAIN", ["-x", "10.77.0.12"], "0.77.10.in-addr.arpa."],
    ["a machine without an address is there", "NOERROR", ["edge-01.lab.test"], "lab.test."],
  ])("%s", async (_what, status, args, zone) => {
    const answer = await dig(...args);
    expect([answer.status, answer.flags, answer.answers]).toEqual([status, "qr aa rd ra", []]);
    expect(answer.authority).toEqual([expect.stringMatching(new RegExp(`^${zone}\\s+10\\s+IN\\s+SOA\\s`))]);
  });

  test("EDNS is answered with our own size, which is never sent in fragments", async () => {
    expect((await dig("+bufsize=4096", "core-01.lab.test")).output).toMatch(/EDNS: version: 0, flags:; udp: 1232/);
    expect((await dig("+noedns", "core-01.lab.test")).output).not.toContain("EDNS");
    expect((await dig("+edns=1", "+noednsnegotiation", "core-01.lab.test")).status).toBe("BADVERS");
  });

  test.each([
    ["a transfer", "REFUSED", ["AXFR", "lab.test", "+tcp"]],
    ["a NOTIFY", "NOTIMP", ["+opcode=NOTIFY", "lab.test"]],
    ["another class", "REFUSED", ["CH", "TXT", "version.bind"]],
  ])("%s is not served", async (_what, status, args) => {
    expect((await dig(...args)).output).toMatch(new RegExp(`status: ${status}|Transfer failed`));
  });

  test("several questions go over one connection", async () => {
    const names = ["core-01.lab.test", "core-98.lab.test", "core-99.lab.test"];
    const { stdout } = await lab.run(["dig", "@10.77.0.1", "+tcp", "+keepopen", "+time=8", ...names]);
    expect(stdout.toString().match(/status: \w+/g)).toEqual([
      "status: NOERROR",
      "status: NXDOMAIN",
      "status: NXDOMAIN",
    ]);
  });

  test("datagrams that are no questions change nothing", async () => {
    const port = await lab.udp.open();
    for (const bytes of [new Uint8Array(0), new Uint8Array(5), new Uint8Array(1400).fill(0xff), new Uint8Array(12)]) {
      port.send(bytes, 53, "10.77.0.1");
    }
    await port.flush();
    expect((await dig("core-01.lab.test")).status).toBe("NOERROR");
  });
});

describe.skipIf(needs.skip)(`a client from its lease to its names${needs.note}`, () => {
  beforeAll(() => openLab());

  test("it is told this name server and its domain, and from then on has a name of its own", async () => {
    await setMac(lab, "52:54:00:77:00:02");
    await using client = startUdhcpc(lab, { name: "edge", options: ["-x", "hostname:ignored"] });
    const lease = takenLease(await client.record("bound"));
    expect(lease).toMatchObject({ dns: "10.77.0.1", domain: "lab.test", hostName: "edge-01" });

    const resolvConf = join(lab.directory, "resolv.conf");
    writeFileSync(resolvConf, `nameserver ${lease.dns}\nsearch ${lease.domain}\n`);
    expect(await resolve(resolvConf, ["getent", "ahostsv4", "edge-01"])).toMatch(`${lease.address} `);
    expect(await resolve(resolvConf, ["getent", "ahostsv4", "core-01"])).toMatch("10.77.0.11 ");
    expect(await resolve(resolvConf, ["getent", "hosts", lease.address ?? ""])).toMatch("edge-01.lab.test");
    expect(await resolve(resolvConf, ["host", "core-01"])).toContain("core-01.lab.test has address 10.77.0.11");
    expect(await resolve(resolvConf, ["busybox", "nslookup", "core-01.lab.test"])).toContain("10.77.0.11");
  });

  test("it has the name that it calls itself, until it gives its lease back", async () => {
    const mac = "52:54:00:77:09:01";
    await setMac(lab, mac);
    await using client = startUdhcpc(lab, { name: "guest", options: ["-x", "hostname:Guest-Of-Ours"] });
    const { address } = takenLease(await client.record("bound"));
    expect((await dig("guest-of-ours.lab.test")).answers).toEqual([`guest-of-ours.lab.test. A ${address}`]);
    expect((await dig("-x", address ?? "")).answers[0]).toMatch(/PTR guest-of-ours\.lab\.test\.$/);
    expect((await dig("guest-of-ours.lab.test")).ttl).toBe(60);
    client.signal("SIGUSR2");
    await lab.server.waitForEvent((event) => event["mac"] === mac && event["state"] === "released");
    await lab.giveClientAddress(`${CLIENT}/24`);
    expect((await dig("guest-of-ours.lab.test")).status).toBe("NXDOMAIN");
  });

  test("it cannot take a declared machine's name", async () => {
    await setMac(lab, "52:54:00:77:09:02");
    await using client = startUdhcpc(lab, { name: "thief", options: ["-x", "hostname:core-01"] });
    const { address } = takenLease(await client.record("bound"));
    expect((await dig("core-01.lab.test")).answers).toEqual(["core-01.lab.test. A 10.77.0.11"]);
    expect((await dig("-x", address ?? "")).status).toBe("NXDOMAIN");
  });
});

describe.skipIf(needs.skip)(`names of others${needs.note}`, () => {
  beforeAll(() => openLab());

  test("are asked of the upstream server once, then remembered, with a TTL that grows less", async () => {
    await using upstream = await startUpstream();
    const first = await dig("www.example");
    expect([first.status, first.flags, first.ttl]).toEqual(["NOERROR", "qr rd ra", 300]);
    expect(first.answers).toEqual(["www.example. A 203.0.113.200"]);
    await setTimeout(1100);
    const again = await dig("www.example");
    expect(again.answers).toEqual(first.answers);
    expect(again.ttl).toBeLessThan(300);
    expect(await sourcesOf("www.example", 2)).toEqual(["upstream", "cache"]);
    await expect.poll(() => upstream.asked("www.example")).toBe(1);
  });

  test("are asked by TCP when the answer is too long, and cut off by UDP for the client", async () => {
    await using upstream = await startUpstream();
    const short = await dig("+notcp", "+ignore", "crowd.example");
    expect([short.flags, short.answers]).toEqual(["qr tc rd ra", []]);
    const whole = await dig("crowd.example"); // dig asks again by TCP
    expect([whole.status, whole.answers.length]).toEqual(["NOERROR", 120]);
    expect(whole.output).toContain("(TCP)");
    expect(await sourcesOf("crowd.example", 3)).toEqual(["upstream", "cache", "cache"]);
    await expect.poll(() => upstream.asked("crowd.example")).toBe(2); // by UDP and by TCP
  });

  test("are refused to clients of other networks, who are told our own names all the same", async () => {
    await using upstream = await startUpstream();
    await runOrThrow(lab.network.inClient(["ip", "addr", "add", `${STRANGER}/24`, "dev", "eth0"]));
    await runOrThrow(lab.network.inServer(["ip", "route", "replace", "192.0.2.0/24", "dev", "lan0"]));
    expect((await dig("-b", STRANGER, "other.example")).status).toBe("REFUSED");
    const own = await dig("-b", STRANGER, "core-01.lab.test");
    expect([own.flags, own.answers]).toEqual(["qr aa rd", ["core-01.lab.test. A 10.77.0.11"]]);
    expect(upstream.asked("other.example")).toBe(0);
  });

  test("end in SERVFAIL before clients give up, when the upstream server is silent; it is reported once", async () => {
    const silent = await lab.udp.open(UPSTREAM_PORT, CLIENT);
    let heard = 0;
    silent.onDatagram(() => (heard += 1));
    const startedAt = performance.now();
    const crowd = await Promise.all(["a", "b", "a", "b"].map((name) => dig(`${name}.silent.example`)));
    expect(performance.now() - startedAt).toBeLessThan(7000);
    expect(crowd.map(({ status }) => status)).toEqual(["SERVFAIL", "SERVFAIL", "SERVFAIL", "SERVFAIL"]);
    expect(heard).toBeLessThanOrEqual(4); // two tries for each name, however many ask
    const down = lab.server.events.filter(({ event }) => event === "dns.upstream-down");
    expect(down).toMatchObject([{ resolver: `${CLIENT}:${UPSTREAM_PORT}` }]);
    expect((await dig("core-01.lab.test")).status).toBe("NOERROR");
  });
});

describe.skipIf(needs.skip)(`a dead upstream server${needs.note}`, () => {
  beforeAll(() => openLab([`${CLIENT}:${UPSTREAM_PORT + 1}`, `${CLIENT}:${UPSTREAM_PORT}`]));

  test("costs nothing where the next one answers", async () => {
    await using upstream = await startUpstream();
    const startedAt = performance.now();
    expect((await dig("www.example")).answers).toEqual(["www.example. A 203.0.113.200"]);
    expect(performance.now() - startedAt).toBeLessThan(3000);
    await expect.poll(() => upstream.asked("www.example")).toBe(1);
  });

  test("is an immediate SERVFAIL where none answers, and only until one does", async () => {
    expect((await dig("later.example")).status).toBe("SERVFAIL");
    await using upstream = await startUpstream();
    await expect.poll(async () => (await dig("later.example")).status, { timeout: 10_000 }).toBe("NXDOMAIN");
    await expect.poll(() => upstream.asked("later.example")).toBe(1);
  });
});

/** Runs a program that looks into /etc/resolv.conf, with another one in its place. */
async function resolve(resolvConf: string, argv: readonly string[]): Promise<string> {
  const script = join(lab.directory, "with-resolv-conf.sh");
  writeFileSync(script, '#!/bin/sh -e\nmount --bind "$1" /etc/resolv.conf\nshift\nexec "$@"\n', { mode: 0o755 });
  const { code, stdout, stderr } = await lab.run(["unshare", "--mount", script, resolvConf, ...argv]);
  if (code !== 0) throw new Error(`${argv.join(" ")}: exit code ${code}: ${stderr}${stdout.toString()}`);
  return stdout.toString();
}
