import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { formatSettings } from "./format.ts";
import { loadSettings, SettingsError, type SettingsSources } from "./load.ts";
import { environmentName } from "./overrides.ts";

let directory: string;
beforeAll(() => {
  directory = mkdtempSync(join(tmpdir(), "railhead-settings-"));
});
afterAll(() => rmSync(directory, { recursive: true }));

const GOOD = `stateDir: state
dataPath: /srv/data
http:
  address: 10.77.0.1
tftp:
  root: tftp
networks:
  - name: lab
    subnet: 10.77.0.0/24
    serverAddress: 10.77.0.1
    pool: { first: 10.77.0.100, last: 10.77.0.199 }
`;

function load(text: string, sources: Omit<SettingsSources, "file"> = {}) {
  const file = join(directory, "railhead.yaml");
  writeFileSync(file, text);
  return loadSettings({ file, ...sources });
}

/** What is wrong, without the directory's name. */
function problemsOf(text: string, sources: Omit<SettingsSources, "file"> = {}): readonly string[] {
  try {
    load(text, sources);
    return [];
  } catch (error) {
    if (error instanceof SettingsError) return error.problems.map((problem) => problem.replace(`${directory}/`, ""));
    throw error;
  }
}

describe("a good file", () => {
  test("has its defaults filled in and its paths made absolute", () => {
    const settings = load(GOOD);
    expect(settings.stateDir).toBe(join(directory, "state"));
    expect(settings.dataPath).toBe("/srv/data");
    expect(settings.tftp).toMatchObject({
      root: join(directory, "tftp"),
      port: 69,
      loaders: { bios: "undionly.kpxe", "uefi-x64": "snponly.efi" },
    });
    expect(settings.networks[0]).toMatchObject({ leaseSeconds: 3600, dns: [] });
  });

  test("printed as what is in force, can be read again and means the same", () => {
    const settings = load(GOOD);
    expect(load(formatSettings(settings))).toEqual(settings);
  });

  test("gives way to the environment, and that to --set", () => {
    const environment = { RAILHEAD_HTTP_PORT: "8081", RAILHEAD_LOG_LEVEL: "debug", RAILHEAD_STATE_DIR: "" };
    const settings = load(GOOD, { environment, assignments: ["http.port=8082"] });
    expect(settings.http.port).toBe(8082);
    expect(settings.log.level).toBe("debug");
    expect(settings.stateDir).toBe(join(directory, "state"));
  });

  test("a value from outside can make a section that the file leaves out", () => {
    expect(load(GOOD, { environment: { RAILHEAD_CONFIG_REPO_PATH: "/srv/repo" } }).configRepo).toEqual({
      path: "/srv/repo",
      ref: "main",
    });
  });
});

describe("every problem is listed, with file, line and key", () => {
  test.each<readonly [string, string, readonly string[]]>([
    [
      "an unknown key, at the key itself",
      `${GOOD}stateDirectory: x\n`,
      ["railhead.yaml:12: stateDirectory: unknown key"],
    ],
    [
      "several at once",
      GOOD.replace("10.77.0.0/24", "10.77.0.0/40").replace("lab", "Lab Net"),
      ["railhead.yaml:8: networks.0.name: a word of a-z, 0-9 and -", "railhead.yaml:9: networks.0.subnet: "],
    ],
    [
      "an address outside its network",
      GOOD.replace("last: 10.77.0.199", "last: 10.78.0.199"),
      ["railhead.yaml:11: networks.0.pool.last: 10.78.0.199 is outside the subnet"],
    ],
    [
      "a pool that ends before it begins",
      GOOD.replace("first: 10.77.0.100", "first: 10.77.0.200"),
      ["railhead.yaml:11: networks.0.pool: first is greater than last"],
    ],
    [
      "a network without TFTP",
      GOOD.replace("tftp:\n  root: tftp\n", ""),
      ["railhead.yaml:1: tftp: machines on a network need TFTP to load iPXE from"],
    ],
    ["a duplicate key", `${GOOD}http:\n  address: 10.77.0.1\n`, ["railhead.yaml:12: Map keys must be unique"]],
    ["broken YAML", "http: [", ["railhead.yaml:1: "]],
    ["an empty file", "", ["railhead.yaml:1: stateDir: ", "railhead.yaml:1: dataPath: ", "railhead.yaml:1: http: "]],
    [
      "a repository that is both here and elsewhere",
      `${GOOD}configRepo: { path: a, url: /b }\n`,
      ["railhead.yaml:12: configRepo: either path or url, and one of them"],
    ],
    [
      "what is wrong between keys beside a key that is wrong by itself",
      `${GOOD.replace("last: 10.77.0.199", "last: 10.78.0.199").replace("serverAddress: 10.77.0.1", "serverAddress: 10.79.0.1")}typo: x\n`,
      [
        "railhead.yaml:10: networks.0.serverAddress: 10.79.0.1 is outside the subnet",
        "railhead.yaml:11: networks.0.pool.last: 10.78.0.199 is outside the subnet",
        "railhead.yaml:12: typo: unknown key",
      ],
    ],
    [
      "a pool that no network can have",
      GOOD.replace("10.77.0.100, last: 10.77.0.199", "10.77.0.0, last: 10.77.0.255"),
      [
        "railhead.yaml:11: networks.0.pool.first: 10.77.0.0 is the address of the network itself",
        "railhead.yaml:11: networks.0.pool.last: 10.77.0.255 is the network's broadcast address",
      ],
    ],
    [
      "a pool that ends at the server's and the router's address",
      `${GOOD.replace("10.77.0.100, last: 10.77.0.199", "10.77.0.1, last: 10.77.0.254")}    router: 10.77.0.254\n`,
      [
        "railhead.yaml:11: networks.0.pool.first: 10.77.0.1 is this server's own address",
        "railhead.yaml:11: networks.0.pool.last: 10.77.0.254 is the router's address",
      ],
    ],
    [
      "networks that clash",
      `${GOOD}  - { name: lab, subnet: 10.77.0.0/16, serverAddress: 10.77.1.1 }\n`,
      [
        "railhead.yaml:12: networks.1.subnet: the subnet overlaps that of lab",
        "railhead.yaml:12: networks.1.name: another network is called lab",
      ],
    ],
    [
      "a repository that git would take for something else",
      `${GOOD}configRepo:\n  url: git@h:x\n  ref: --upload-pack=x\n`,
      [
        "railhead.yaml:13: configRepo.url: must be an http, https, git or file URL",
        "railhead.yaml:14: configRepo.ref: must be the name of a branch or tag",
      ],
    ],
  ])("%s", (_name, text, expected) => {
    const problems = problemsOf(text);
    expect(problems.length).toBe(expected.length);
    for (const [index, start] of expected.entries()) expect(problems[index]?.slice(0, start.length)).toBe(start);
  });

  test("one from outside names the variable or the option, not a line of the file", () => {
    const problems = problemsOf(GOOD, { environment: { RAILHEAD_HTTP_PORT: "many" }, assignments: ["log.level=loud"] });
    expect(problems.map((problem) => problem.split(": ")[0])).toEqual(["RAILHEAD_HTTP_PORT", "--set log.level"]);
  });

  test("a malformed one is told, and does not stand for the default", () => {
    const problems = problemsOf(GOOD, {
      environment: { RAILHEAD_LOG_LEVEL: "[" },
      assignments: ["http.port=[8081", "http.port"],
    });
    expect(problems.map((problem) => problem.split(": ")[0])).toEqual([
      "RAILHEAD_LOG_LEVEL",
      "--set http.port",
      "--set http.port",
    ]);
  });

  test("a variable that is misspelt is told, with the nearest key; those for others are let alone", () => {
    const environment = { RAILHEAD_HTTP_PROT: "1", RAILHEAD_CACHE: "/x", RAILHEAD_REQUIRE_ALL: "1", RAIL: "x" };
    expect(problemsOf(GOOD, { environment })).toEqual([
      "RAILHEAD_HTTP_PROT: there is no such key; the nearest is RAILHEAD_HTTP_PORT",
    ]);
  });

  test("--set without a value, and with a key that is none", () => {
    expect(problemsOf(GOOD, { assignments: ["http.port"] })).toEqual(["--set http.port: not of the form key=value"]);
    expect(problemsOf(GOOD, { assignments: ["http.prot=1"] })).toEqual(["--set http.prot: unknown key"]);
  });
});

test("a file that is not there is a problem, not a default", () => {
  expect(() => loadSettings({ file: join(directory, "none.yaml") })).toThrow(/none\.yaml: cannot be read/);
});

test.each([
  [["http", "port"], "RAILHEAD_HTTP_PORT"],
  [["stateDir"], "RAILHEAD_STATE_DIR"],
  [["tftp", "loaders", "uefi-x64"], "RAILHEAD_TFTP_LOADERS_UEFI_X64"],
])("%j is overridden by %s", (path, name) => {
  expect(environmentName(path)).toBe(name);
});

test("on a link of two addresses both are hosts' (RFC 3021)", () => {
  const link = GOOD.replace("10.77.0.0/24", "10.77.0.0/31").replace(/ {4}pool.*\n/, "    router: 10.77.0.0\n");
  expect(problemsOf(link)).toEqual([]);
});
