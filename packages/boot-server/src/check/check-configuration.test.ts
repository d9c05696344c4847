import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { checkConfiguration } from "./check-configuration.ts";

const GOOD = {
  "railhead.yaml": `stateDir: state
dataPath: data
assetsPath: assets
http: { address: 10.77.0.1 }
tftp: { root: tftp }
networks:
  - name: lab
    subnet: 10.77.0.0/24
    serverAddress: 10.77.0.1
    router: 10.77.0.254
    pool: { first: 10.77.0.100, last: 10.77.0.199 }
`,
  "assets/vmlinuz": "",
  "tftp/undionly.kpxe": "",
  "tftp/snponly.efi": "",
  "data/machines/one.json": '{ "name": "one", "macs": ["52:54:00:77:00:01"], "role": "manager" }',
  "data/machines/two.json":
    '{ "name": "two", "macs": ["52:54:00:77:00:02"],\n"address": "10.77.0.12", "role": "worker" }',
  "data/groups/all.json": '{ "profile": "node" }',
  "data/profiles/node.json":
    '{ "templated": true, "boot": { "kernel": "/assets/vmlinuz", "args": ["url={{server.url}}/ignition?mac=${mac}"] }, "ignition_id": "node.yaml" }',
  "data/ignition/node.yaml":
    "ignition: { version: 3.3.0 }\n# {{machine.role}} {{machine.address}} {{request.query.uuid}}\n",
};

/** What is wrong with the files, without the directory's name; `undefined` leaves a file out. */
function problemsOf(changes: Readonly<Record<string, string | undefined>>): readonly string[] {
  const directory = mkdtempSync(join(tmpdir(), "railhead-check-"));
  onTestFinished(() => rmSync(directory, { recursive: true }));
  for (const [name, text] of Object.entries<string | undefined>({ ...GOOD, ...changes })) {
    if (text === undefined) continue;
    mkdirSync(dirname(join(directory, name)), { recursive: true });
    writeFileSync(join(directory, name), text);
  }
  return checkConfiguration({ file: join(directory, "railhead.yaml") }).problems.map((problem) =>
    problem.replaceAll(`${directory}/`, ""),
  );
}

function pattern(problem: string | RegExp): RegExp {
  return typeof problem === "string" ? new RegExp(`^${problem.replaceAll(/[.*+?^${}()|[\]\\]/g, "\\$&")}$`) : problem;
}

test.each<readonly [string, Readonly<Record<string, string | undefined>>, readonly (string | RegExp)[]]>([
  ["nothing, where nothing is wrong", {}, []],
  [
    "directories that are not there, and the agent's executables",
    { "railhead.yaml": `${GOOD["railhead.yaml"]}agentDir: nowhere\n`, "assets/vmlinuz": undefined },
    [
      /^railhead\.yaml:12: agentDir: nowhere\/railhead-agent\.json cannot be used/,
      "railhead.yaml:3: assetsPath: assets is not a directory",
    ],
  ],
  [
    "loaders that are not there",
    { "tftp/snponly.efi": undefined },
    ["railhead.yaml:5: tftp.loaders.uefi-x64: there is no tftp/snponly.efi"],
  ],
  [
    "a machine's address that no network can give",
    {
      "data/machines/one.json":
        '{ "name": "one",\n"macs": ["52:54:00:77:00:01"], "role": "manager",\n"address": "10.78.0.1" }',
      "data/machines/two.json":
        '{ "name": "two", "macs": ["52:54:00:77:00:02"], "role": "a", "address": "10.77.0.255" }',
      "data/machines/x.json": '{ "name": "three", "macs": ["52:54:00:77:00:03"], "role": "a", "address": "10.77.0.1" }',
      "data/machines/y.json":
        '{ "name": "four", "macs": ["52:54:00:77:00:04"], "role": "a", "address": "10.77.0.254" }',
    },
    [
      "machines/one.json:3: address: 10.78.0.1 is in the subnet of no network",
      "machines/two.json:1: address: 10.77.0.255 is the network's broadcast address",
      "machines/x.json:1: address: 10.77.0.1 is this server's own address",
      "machines/y.json:1: address: 10.77.0.254 is the router's address",
    ],
  ],
  [
    "a variable that one machine does not have",
    { "data/machines/one.json": '{ "name": "one", "macs": ["52:54:00:77:00:01"] }' },
    [/^ignition\/node\.yaml:2:3: unknown variable "machine\.role".* \(for one\)$/],
  ],
  [
    "a template that makes no Ignition config, once for all machines",
    { "data/ignition/node.yaml": "ignition: { version: 3.3.0 }\nstorrage: {}\n" },
    ["ignition/node.yaml: $.storrage: unused key storrage (for one and 1 more)"],
  ],
  [
    "a finished config that is none, once, with its line",
    {
      "data/profiles/node.json": '{ "ignition_id": "node.ign" }',
      "data/ignition/node.ign": '{"ignition":\n{"version": "2.0.0"}}',
    },
    [/^ignition\/node\.ign:2: ignition\.version: unsupported/],
  ],
  [
    "a boot argument with an unknown variable",
    { "data/profiles/node.json": '{ "templated": true,\n"boot": { "args": [\n"{{server.urk}}"] } }' },
    [/^profiles\/node\.json:3: boot\.args\.0:1:1: unknown variable "server\.urk".* \(for one and 1 more\)$/],
  ],
  [
    "what dangles, what is suspicious and what is invalid",
    { "data/groups/b.json": '{ "profile": "gone", "selector": { "a": "b" },\n"metdata": {} }' },
    [
      "groups/b.json:1: profile: there is no profiles/gone.json",
      "groups/b.json:2: metdata: unknown key, which has no effect; metadata is meant?",
    ],
  ],
  [
    "a configuration that is unusable, and the data directory all the same",
    { "railhead.yaml": `${GOOD["railhead.yaml"]}typo: 1\n`, "data/groups/all.json": '{ "profile": "gone" }' },
    ["groups/all.json:1: profile: there is no profiles/gone.json", "railhead.yaml:12: typo: unknown key"],
  ],
  ["a broken document", { "data/groups/all.json": "{" }, [/^groups\/all\.json:1: not valid JSON/]],
])("check tells %s", (_what, changes, expected) => {
  const problems = problemsOf(changes);
  expect(problems.toSorted()).toEqual(expected.map((problem) => expect.stringMatching(pattern(problem))));
});
