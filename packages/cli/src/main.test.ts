import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, test } from "vitest";

const MAIN = fileURLToPath(new URL("main.ts", import.meta.url));
/** Each starts a process, on a machine that may be busy. */
const TIMEOUT = 60_000;
const FILES: Readonly<Record<string, string>> = {
  "railhead.yaml": [
    "stateDir: state",
    "dataPath: data",
    "http: { address: 10.77.0.1 }",
    "tftp: { root: tftp }",
    "networks:",
    "  - name: lab",
    "    subnet: 10.77.0.0/24",
    "    serverAddress: 10.77.0.1",
    "",
  ].join("\n"),
  "tftp/undionly.kpxe": "",
  "tftp/snponly.efi": "",
  "data/machines/core-01.json": '{ "name": "core-01", "macs": ["52:54:00:77:00:01"], "address": "10.77.0.11" }',
  "data/groups/all.json": '{ "profile": "node" }',
  "data/profiles/node.json": '{ "ignition_id": "node.yaml" }',
  "data/ignition/node.yaml": "ignition: { version: 3.3.0 }\n",
};

let directory: string;

function write(name: string, text: string): void {
  mkdirSync(dirname(join(directory, name)), { recursive: true });
  writeFileSync(join(directory, name), text);
}

function railhead(argv: readonly string[], environment: Readonly<Record<string, string>> = {}) {
  const { status, stdout, stderr } = spawnSync(process.execPath, ["--conditions=railhead-source", MAIN, ...argv], {
    cwd: directory,
    encoding: "utf8",
    env: { PATH: process.env["PATH"], ...environment },
  });
  return { status, stdout, stderr };
}

beforeAll(() => {
  directory = mkdtempSync(join(tmpdir(), "railhead-cli-"));
  for (const [name, text] of Object.entries(FILES)) write(name, text);
});
afterAll(() => rmSync(directory, { recursive: true }));

describe("wrong usage ends with 2, whichever command it is of, and says what is wrong in one line", () => {
  test.each<readonly [string, readonly string[], RegExp]>([
    ["an unknown command", ["serf"], /^error: unknown command 'serf'/],
    ["an unknown option of a command", ["serve", "--prot", "1"], /^error: unknown option '--prot'/],
    ["a missing argument", ["check"], /^error: missing required argument 'file'/],
    ["a value that an option cannot have", ["sandbox", "--firmware", "arm"], /^error: option '--firmware <list>'/],
    ["an unknown option of a command's command", ["lease", "list", "--jsno"], /^error: unknown option '--jsno'/],
    ["options that contradict each other", ["sandbox", "--nodes", "1", "--managers", "2"], /^railhead: of 1 nodes, /],
  ])(
    "%s",
    (_what, argv, said) => {
      const { status, stdout, stderr } = railhead(argv);
      expect(stderr).toMatch(said);
      expect(stderr).not.toMatch(/^\s+at /m);
      expect([status, stdout]).toEqual([2, ""]);
    },
    TIMEOUT,
  );

  test(
    "help is no wrong usage",
    () => {
      const { status, stdout } = railhead(["sandbox", "reboot", "--help"]);
      expect([status, stdout]).toEqual([0, expect.stringContaining("Usage: railhead sandbox reboot")]);
    },
    TIMEOUT,
  );
});

describe("railhead check", () => {
  test(
    "says that all is well",
    () => {
      expect(railhead(["check", "railhead.yaml"])).toEqual({
        status: 0,
        stdout: "ok: 1 machines, 1 groups, 1 profiles\n",
        stderr: "",
      });
    },
    TIMEOUT,
  );

  test(
    "lists what is wrong with all that would be served, and ends with 2",
    () => {
      write("data/ignition/node.yaml", "ignition: { version: 3.3.0 }\n# {{machine.role}}\n");
      write(
        "data/machines/core-01.json",
        '{ "name": "core-01", "macs": ["52:54:00:77:00:01"], "address": "10.1.1.1" }',
      );
      const { status, stdout, stderr } = railhead(["check", "railhead.yaml"], { RAILHEAD_TFTP_ROOT: "nowhere" });
      for (const [name, text] of Object.entries(FILES)) write(name, text);
      expect(stderr.split("\n")).toEqual([
        expect.stringMatching(/^RAILHEAD_TFTP_ROOT: .*\/nowhere is not a directory$/),
        "machines/core-01.json:1: address: 10.1.1.1 is in the subnet of no network",
        expect.stringMatching(/^ignition\/node\.yaml:2:3: unknown variable "machine\.role".* \(for core-01\)$/),
        "",
      ]);
      expect([status, stdout]).toEqual([2, ""]);
    },
    TIMEOUT,
  );

  test(
    "lists every problem of the configuration, and ends with 2",
    () => {
      write("bad.yaml", `${FILES["railhead.yaml"]}    router: 10.78.0.1\nlogg: {}\n`);
      const { status, stderr } = railhead(["check", "bad.yaml"]);
      expect(stderr).toMatch(/^bad\.yaml:9: networks\.0\.router: 10\.78\.0\.1 is outside the subnet$/m);
      expect(stderr).toMatch(/^bad\.yaml:10: logg: unknown key$/m);
      expect(status).toBe(2);
    },
    TIMEOUT,
  );
});

describe("railhead serve --print-config", () => {
  test(
    "prints what is in force: the file, over it the environment, over that --set",
    () => {
      const argv = ["serve", "--config", "railhead.yaml", "--set", "http.port=8082", "--print-config"];
      const { status, stdout } = railhead(argv, { RAILHEAD_HTTP_PORT: "8081", RAILHEAD_LOG_LEVEL: "debug" });
      expect(status).toBe(0);
      expect(stdout).toMatch(/^ {2}port: 8082$/m);
      expect(stdout).toMatch(/^ {2}level: debug$/m);
    },
    TIMEOUT,
  );

  test(
    "refuses what cannot be in force",
    () => {
      const argv = ["serve", "--config", "railhead.yaml", "--set", "http.port=[8081", "--print-config"];
      const { status, stdout, stderr } = railhead(argv, { RAILHEAD_HTTP_PROT: "8081" });
      expect(stderr).toMatch(/^railhead: --set http\.port: /m);
      expect(stderr).toMatch(/^railhead: RAILHEAD_HTTP_PROT: .* RAILHEAD_HTTP_PORT$/m);
      expect([status, stdout]).toEqual([2, ""]);
    },
    TIMEOUT,
  );
});
