import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { formatSettings } from "./format.ts";
import { environmentName, loadSettings, SettingsError, type SettingsSources } from "./load.ts";

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
    expect(settings.tftp).toEqual({
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
      `${GOOD}configRepo: { path: a, url: b }\n`,
      ["railhead.yaml:12: configRepo: either path or url, and one of them"],
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
