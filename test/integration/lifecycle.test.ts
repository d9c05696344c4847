import { once } from "node:events";
import { readFileSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import {
  createLab,
  exitOf,
  LAB_SERVER_ADDRESS,
  type Lab,
  type LabContent,
  type LabOptions,
  labNeeds,
  serveCommand,
  startChild,
  startLabServer,
  startUdpPorts,
} from "@railhead/testkit";
import { beforeEach, describe, expect, test } from "vitest";
import { openTransfer } from "./tftp-transfer.ts";

const needs = labNeeds("busybox", "curl");

/** On a machine that is busy with other things, too. */
const SOON = { timeout: 10_000 };
const MAC = "52:54:00:77:00:01";
const PROFILE = { boot: { kernel: "/assets/vmlinuz", initrd: ["/assets/live.img"], args: ["quiet"] } };
const DATA: Readonly<Record<string, LabContent>> = {
  "data/machines/core-01.json": { name: "core-01", macs: [MAC], address: "10.77.0.11", role: "manager" },
  "data/groups/managers.json": { profile: "node", selector: { role: "manager" } },
  "data/profiles/node.json": PROFILE,
  "tftp/undionly.kpxe": Buffer.alloc(100_000, 1),
  "assets/live.img": Buffer.alloc(64 * 1024 * 1024),
};

let lab: Lab;

async function openLab(options: LabOptions = {}): Promise<() => Promise<void>> {
  lab = await createLab({ files: DATA, clientAddress: "10.77.0.250/24", ...options });
  return async () => lab[Symbol.asyncDispose]();
}

/** Runs the server until it ends by itself, which it must soon. */
async function endOf(
  ...options: readonly string[]
): Promise<{ readonly code: number | undefined; readonly said: string }> {
  const file = join(lab.directory, "railhead.yaml");
  await using server = startLabServer(lab.network.inServer(serveCommand(file, ...options)));
  const { code } = await server.exited;
  return { code, said: server.stderr().replaceAll(lab.directory, "LAB") };
}

const PORTS: readonly (readonly [string, readonly string[], string])[] = [
  ["DHCP", ["67"], "railhead: DHCP cannot listen on 0.0.0.0:67/udp: another program has the port\n"],
  ["TFTP", ["69"], "railhead: TFTP cannot listen on 10.77.0.1:69/udp: another program has the port\n"],
];
const HINT = "  hint: find it with `ss -lunpt`, then stop it or give this server another address\n";

describe.skipIf(needs.skip)(`a server that cannot start${needs.note}`, () => {
  beforeEach(() => openLab({ start: false }));

  test.each(PORTS)("says that another program has the port of %s, and ends with 1", async (_what, [port], said) => {
    await using others = startUdpPorts(lab.network.inServer);
    await others.open(Number(port));
    expect(await endOf()).toEqual({ code: 1, said: said + HINT });
  });

  test("says that another program has the port of HTTP, and ends with 1", async () => {
    const other = startChild(lab.network.inServer(["busybox", "httpd", "-f", "-p", `${LAB_SERVER_ADDRESS}:8080`]));
    const gone = exitOf(other);
    await expect.poll(async () => (await lab.http("/").catch(() => undefined))?.status, SOON).toBeDefined();
    const said = "railhead: HTTP cannot listen on 10.77.0.1:8080/tcp: another program has the port\n";
    expect(await endOf()).toEqual({ code: 1, said: said + HINT });
    other.kill("SIGKILL");
    await gone;
  });

  test("says so when a server is running already, which goes on", async () => {
    await lab.startServer();
    const again = await endOf("--set", "stateDir=other-state");
    expect(again).toEqual({
      code: 1,
      said: expect.stringMatching(/10\.77\.0\.1:69\/udp: another program has the port/),
    });
    const same = await endOf();
    expect(same).toEqual({ code: 1, said: expect.stringMatching(/LAB\/state is in use by process \d+\n {2}hint: /) });
    expect((await lab.http("/healthz")).status).toBe(200);
  });

  test("says that no interface has its address", async () => {
    const { code, said } = await endOf("--set", "http.address=10.77.0.99");
    expect(said).toContain("HTTP cannot listen on 10.77.0.99:8080/tcp: no interface of this machine has that address");
    expect(said).toContain("hint: give the address to an interface");
    expect(code).toBe(1);
  });

  test("lists every mistake of its configuration with file, line and path, and ends with 2", async () => {
    const lines = [
      "stateDir: state",
      "dataPath: data",
      "tftp: { root: tftp, prot: 69 }",
      "http:",
      "  address: 10.77.0.300",
      "networks:",
      "  - name: lab",
      "    subnet: 10.77.0.1/24",
      "    serverAddress: 10.77.0.1",
    ];
    writeFileSync(join(lab.directory, "railhead.yaml"), `${lines.join("\n")}\n`);
    const { code, said } = await endOf();
    expect(said).toMatch(/^railhead: LAB\/railhead\.yaml:3: tftp\.prot: unknown key$/m);
    expect(said).toMatch(/^railhead: LAB\/railhead\.yaml:5: http\.address: .*10\.77\.0\.300/m);
    expect(said).toMatch(/^railhead: LAB\/railhead\.yaml:8: networks\.0\.subnet: /m);
    expect(said).toMatch(/^ {2}hint: /m);
    expect(code).toBe(2);
  });

  test.each<readonly [string, string, RegExp]>([
    ["that is not YAML", "stateDir: [\n", /railhead\.yaml:\d+: /],
    ["that is empty", "", /railhead\.yaml:1: stateDir: /],
    ["that is a list", "- a\n", /railhead\.yaml:1: /],
  ])("refuses a configuration %s", async (_what, text, said) => {
    writeFileSync(join(lab.directory, "railhead.yaml"), text);
    expect(await endOf()).toEqual({ code: 2, said: expect.stringMatching(said) });
  });

  test("refuses to start from a data directory that has no meaning, with file and line", async () => {
    lab.replaceFile("data/profiles/node.json", '{\n  "boot": {\n    "kernel": 7\n  }\n}\n');
    expect(await endOf()).toEqual({ code: 2, said: expect.stringMatching(/profiles\/node\.json:3: boot\.kernel: /) });
  });

  test("says which of its directories are not there", async () => {
    const keys = ["dataPath", "assetsPath", "tftp.root", "configRepo.path"];
    const { code, said } = await endOf(...keys.flatMap((key) => ["--set", `${key}=nowhere`]));
    for (const key of keys) expect(said).toContain(`railhead: ${key}: LAB/nowhere is not a directory\n`);
    expect(code).toBe(2);
  });
});

describe.skipIf(needs.skip)(`a server that is told to end${needs.note}`, () => {
  beforeEach(() => openLab());

  test.each(["SIGTERM", "SIGINT"] as const)(
    "by %s is gone within two seconds, with 0, whatever is under way",
    async (signal) => {
      const download = startChild(
        lab.network.inClient(["curl", "-s", "--limit-rate", "1M", `http://${LAB_SERVER_ADDRESS}:8080/assets/live.img`]),
      );
      const ended = exitOf(download);
      await once(download.stdout, "data");
      await openTransfer(lab, "undionly.kpxe");
      const from = performance.now();
      lab.server.signal(signal);
      expect(await lab.server.exited).toEqual({ code: 0 });
      expect(performance.now() - from).toBeLessThan(2000);
      const names = lab.server.events.map(({ event }) => event);
      expect(names.at(-1)).toBe("server.stopped");
      expect(names).toContain("server.stopping");
      expect(lab.server.stderr()).toBe("");
      await ended;
      await lab.startServer(); // nothing is in its way
    },
  );
});

describe.skipIf(needs.skip)(`a data directory that changes${needs.note}`, () => {
  beforeEach(() => openLab());

  const script = async () => lab.http(`/ipxe?mac=${MAC}`);
  const health = async () =>
    JSON.parse((await lab.http("/healthz")).text) as {
      readonly status: string;
      readonly problems: { readonly refused: readonly string[] };
    };
  const loads = () => lab.server.events.filter(({ event }) => event === "inventory.loaded").length;

  test("a truncated profile keeps the last good state in force, /healthz names file and line, mending it heals", async () => {
    const good = (await script()).text;
    const whole = readFileSync(join(lab.directory, "data/profiles/node.json"), "utf8");
    const events = lab.server.events.length;
    // In place, as a disk that fills up leaves it.
    writeFileSync(join(lab.directory, "data/profiles/node.json"), whole.slice(0, whole.length / 2));
    const refused = await lab.server.waitForEvent(({ event }) => event === "inventory.refused", { from: events });
    expect(refused["problems"]).toEqual([expect.stringMatching(/^profiles\/node\.json:\d+: not valid JSON/)]);
    expect(await script()).toMatchObject({ status: 200, text: good });
    expect(await health()).toMatchObject({ status: "degraded", problems: { refused: refused["problems"] } });

    lab.replaceFile("data/profiles/node.json", { boot: { ...PROFILE.boot, args: ["verbose"] } });
    await expect.poll(health, SOON).toMatchObject({ status: "ok" });
    expect((await script()).text).toContain("verbose");
  });

  test("a change is served at once: in place, by rename, twice, of a new folder, and when it is taken away", async () => {
    const kernel = (name: string) => ({ boot: { ...PROFILE.boot, kernel: `/assets/${name}` } });
    const inPlace = (name: string) =>
      writeFileSync(join(lab.directory, "data/profiles/node.json"), JSON.stringify(kernel(name)));
    const byRename = (name: string) => lab.replaceFile("data/profiles/node.json", kernel(name));
    for (const [change, name] of [
      [inPlace, "k1"],
      [byRename, "k2"],
      [byRename, "k3"],
      [inPlace, "k4"],
      [byRename, "k5"],
    ] as const) {
      change(name);
      await expect.poll(async () => (await script()).text, SOON).toContain(name);
    }
    lab.replaceFile("data/ignition/node.ign", '{"ignition":{"version":"3.3.0"}}');
    lab.replaceFile("data/profiles/node.json", { ...PROFILE, ignition_id: "node.ign" });
    const ignition = async () => (await lab.http(`/ignition?mac=${MAC}`)).status;
    await expect.poll(ignition, SOON).toBe(200);
    expect(lab.server.stderr()).toBe("");
  });

  test("a config that breaks an edit is never served: not when it is cut off, nor empty, nor none, nor unknown", async () => {
    const good = "ignition: { version: 3.3.0 }\n";
    lab.replaceFile("data/ignition/node.yaml", good);
    lab.replaceFile("data/profiles/node.json", { ...PROFILE, ignition_id: "node.yaml" });
    const ignition = async () => lab.http(`/ignition?mac=${MAC}`);
    await expect.poll(async () => (await ignition()).status, SOON).toBe(200);
    for (const [broken, reason] of [
      ["", "cut off"],
      ["ignition: { version", "cut off"],
      ["ignition: { version: 2.2.0 }\n", "unsupported config version"],
      [`${good}# {{nowhere}}\n`, "unknown variable"],
    ] as const) {
      writeFileSync(join(lab.directory, "data/ignition/node.yaml"), broken);
      await expect
        .poll(health, SOON)
        .toMatchObject({ status: "degraded", problems: { refused: [expect.stringContaining(reason)] } });
      expect(await ignition()).toMatchObject({ status: 200, text: '{"ignition":{"version":"3.3.0"}}' });
    }
    writeFileSync(join(lab.directory, "data/ignition/node.yaml"), good);
    await expect.poll(health, SOON).toMatchObject({ status: "ok" });
  });

  test("a folder that vanishes is an edit that is refused, until it is back", async () => {
    renameSync(join(lab.directory, "data/machines"), join(lab.directory, "away"));
    await expect.poll(health, SOON).toMatchObject({ problems: { refused: [expect.stringMatching(/^machines\/: /)] } });
    expect(await script()).toMatchObject({ status: 200 });
    renameSync(join(lab.directory, "away"), join(lab.directory, "data/machines"));
    await expect.poll(health, SOON).toMatchObject({ status: "ok" });
  });

  test("what has no effect is told, and everything is served", async () => {
    lab.replaceFile("data/groups/managers.json", { profile: "node", selector: { role: "manager" }, metdata: {} });
    await expect
      .poll(health, SOON)
      .toMatchObject({ status: "degraded", problems: { suspicious: [expect.stringContaining("metdata")] } });
    expect(await script()).toMatchObject({ status: 200 });
  });

  test("a data directory that vanishes is an edit that is refused, not an empty inventory", async () => {
    renameSync(join(lab.directory, "data"), join(lab.directory, "away"));
    await lab.server.waitForEvent(({ event }) => event === "inventory.refused");
    expect(await script()).toMatchObject({ status: 200 });
    expect(await health()).toMatchObject({ status: "degraded" });
    renameSync(join(lab.directory, "away"), join(lab.directory, "data"));
    await expect.poll(health, SOON).toMatchObject({ status: "ok" });
    lab.replaceFile("data/profiles/node.json", { boot: { ...PROFILE.boot, args: ["verbose"] } });
    await expect.poll(async () => (await script()).text, SOON).toContain("verbose");
  });

  test("a template and the variable that it wants take effect together on SIGHUP", async () => {
    lab.replaceFile("data/ignition/node.yaml", "ignition: { version: 3.3.0 }\n");
    lab.replaceFile("data/profiles/node.json", { ...PROFILE, ignition_id: "node.yaml" });
    await expect.poll(async () => (await lab.http(`/ignition?mac=${MAC}`)).status, SOON).toBe(200);
    const text = "ignition:\n  version: 3.3.0\n  timeouts: { httpTotal: {{cluster.variables.seconds}} }\n";
    lab.replaceFile("data/ignition/node.yaml", text);
    await lab.server.waitForEvent(({ event }) => event === "inventory.refused");

    const settings = JSON.parse(readFileSync(join(lab.directory, "railhead.yaml"), "utf8")) as object;
    lab.replaceFile("railhead.yaml", { ...settings, cluster: { variables: { seconds: 77 } } });
    lab.server.signal("SIGHUP");
    await expect.poll(health, SOON).toMatchObject({ status: "ok" });
    expect((await lab.http(`/ignition?mac=${MAC}`)).text).toContain('"httpTotal":77');
  });

  test("SIGHUP reads it anew, changed or not", async () => {
    const before = loads();
    lab.server.signal("SIGHUP");
    await expect.poll(loads, SOON).toBe(before + 1);
  });

  test("a MAC that two machines claim is refused until one of them gives it up", async () => {
    lab.replaceFile("data/machines/core-02.json", { name: "core-02", macs: [MAC] });
    await lab.server.waitForEvent(({ event }) => event === "inventory.refused");
    lab.replaceFile("data/machines/core-01.json", {
      name: "core-01",
      macs: ["52:54:00:77:00:0a"],
      address: "10.77.0.11",
    });
    await expect.poll(health, SOON).toMatchObject({ status: "ok" });
  });
});
