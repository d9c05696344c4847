import { globSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { createLab, type Lab, labNeeds, runCommand, startLabServer } from "@railhead/testkit";
import { afterAll, beforeAll, describe, expect, test } from "vitest";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));
const EXAMPLE = "boot-assets/examples/railhead.yaml";

interface DocumentedCommand {
  readonly file: string;
  readonly command: string;
}

/** Every line of every `sh` block. */
function documentedCommands(): readonly DocumentedCommand[] {
  return globSync(["README.md", "docs/**/*.md", "boot-assets/**/README.md"], { cwd: ROOT }).flatMap((file) =>
    [...readFileSync(join(ROOT, file), "utf8").matchAll(/^```sh\n([\s\S]*?)^```/gm)].flatMap(([, block]) =>
      (block ?? "")
        .split("\n")
        .filter((line) => line !== "" && !line.startsWith("#"))
        .map((command) => ({ file, command })),
    ),
  );
}

/** Commands that another test runs, because they take minutes: the file, and what in it shows that it does. */
const RUN_ELSEWHERE: Readonly<Record<string, readonly [string, string]>> = {
  "./scripts/sandbox": ["test/e2e/sandbox-run.ts", 'join(ROOT, "scripts/sandbox")'],
  "./scripts/sandbox reboot core-02": ["test/e2e/bootstrap.test.ts", 'verb("reboot", "core-02")'],
  "./scripts/test": [".ci/run", "./scripts/test"],
  "npm run build:image": ["scripts/setup", "boot-assets/node-image/build"],
};

/** Measures for minutes and proves nothing: no test runs it. */
const NOT_RUN: ReadonlySet<string> = new Set(["npm run bench"]);

/** What a command that is run here must print, beside ending with 0. */
const EXPECTED: Readonly<Record<string, RegExp>> = {
  "node_modules/.bin/railhead check boot-assets/examples/railhead.yaml": /^ok: 2 machines, 2 groups, 1 profiles$/m,
  "node_modules/.bin/railhead serve --config boot-assets/examples/railhead.yaml --print-config": /^ {2}port: 8080$/m,
  "RAILHEAD_LOG_LEVEL=debug node_modules/.bin/railhead serve --config boot-assets/examples/railhead.yaml --set http.port=8081 --print-config":
    /^ {2}port: 8081$[\s\S]*^ {2}level: debug$/m,
  "node_modules/.bin/railhead doctor --config boot-assets/examples/railhead.yaml":
    /^ok {4}network rack-1: our address 10\.77\.0\.1$[\s\S]*^ok {4}other DHCP servers on our networks$/m,
  "node_modules/.bin/railhead lease list --config boot-assets/examples/railhead.yaml":
    /^ADDRESS +MAC +STATE +UNTIL +NAME$/m,
  "node_modules/.bin/railhead reload --config boot-assets/examples/railhead.yaml": /^reloaded$/m,
  "curl -s http://10.77.0.1:8080/healthz": /"status":"ok"/,
  'curl -s "http://10.77.0.1:8080/ipxe?mac=52:54:00:77:00:01"': /^#!ipxe\nkernel /,
  'curl -s "http://10.77.0.1:8080/ignition?mac=52:54:00:77:00:01"': /"path":"\/etc\/hostname"/,
  'curl -s "http://10.77.0.1:8080/ignition?mac=52:54:00:77:00:99"': /^no-group: no group matches 52:54:00:77:00:99$/m,
};

const commands = documentedCommands();
const needs = labNeeds("curl");

test("the documents have commands, so that the tests below test something", () => {
  expect(commands.length).toBeGreaterThan(8);
});

describe.skipIf(needs.skip)(`the commands of the documents${needs.note}`, () => {
  let lab: Lab;
  let environment: readonly string[] = [];
  beforeAll(async () => {
    lab = await createLab({ start: false });
    // The example's directories are those of a real server: here they are the lab's.
    environment = ["env", `RAILHEAD_STATE_DIR=${lab.directory}/state`, `RAILHEAD_ASSETS_PATH=${lab.directory}/assets`];
    const server = startLabServer(
      lab.network.inServer([
        "env",
        ...environment,
        join(ROOT, "node_modules/.bin/railhead"),
        ...["serve", "--config", join(ROOT, EXAMPLE)],
      ]),
    );
    lab.adopt(server);
    await server.waitForEvent(({ event }) => event === "server.ready");
  });
  afterAll(async () => lab?.[Symbol.asyncDispose]());

  test.each(commands.filter(({ command }) => RUN_ELSEWHERE[command] === undefined && !NOT_RUN.has(command)))(
    "$file: $command",
    async ({ command }) => {
      const expected = EXPECTED[command];
      if (expected === undefined) throw new Error("a documented command that no test knows how to run");
      const argv = lab.network.inServer(["env", ...environment, "bash", "-c", `cd '${ROOT}' && ${command}`]);
      const { stdout, stderr, code } = await runCommand(argv);
      expect(stdout.toString(), stderr).toMatch(expected);
      expect(code).toBe(0);
    },
  );
});

test.each(Object.entries(RUN_ELSEWHERE).filter(([known]) => commands.some(({ command }) => command === known)))(
  "%s is run by %s",
  (_command, [file, sign]) => {
    expect(readFileSync(join(ROOT, file), "utf8")).toContain(sign);
  },
);
