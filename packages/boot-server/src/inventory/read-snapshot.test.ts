import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { describe, expect, onTestFinished, test } from "vitest";
import { verifySnapshot } from "../check/verify-snapshot.ts";
import type { ServerEvent } from "../log/events.ts";
import { settingsSchema } from "../settings/schema.ts";
import { DataDirectory } from "./data-directory.ts";
import { InventoryError, readSnapshot } from "./read-snapshot.ts";

function directoryWith(files: Readonly<Record<string, string>>): string {
  const directory = mkdtempSync(join(tmpdir(), "railhead-data-"));
  onTestFinished(() => rmSync(directory, { recursive: true }));
  for (const [name, text] of Object.entries(files)) writeIn(directory, name, text);
  return directory;
}

function writeIn(directory: string, name: string, text: string): void {
  const path = join(directory, name);
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, text);
}

function problemsOf(files: Readonly<Record<string, string>>): readonly string[] {
  try {
    const { dangling, suspicious, unfit } = readSnapshot(directoryWith(files));
    return [...dangling, ...suspicious, ...[...unfit.values()].flat()];
  } catch (error) {
    if (error instanceof InventoryError) return error.problems;
    throw error;
  }
}

const GOOD = {
  "machines/core-01.json": '{ "name": "core-01", "macs": ["52:54:00:77:00:01"] }',
  "groups/all.json": '{ "profile": "node" }',
  "profiles/node.json": '{ "boot": { "kernel": "/k" }, "ignition_id": "node.yaml" }',
  "ignition/node.yaml": "ignition: { version: 3.3.0 }\n",
  "ignition/spare.ign": '{"ignition":{"version":"3.3.0"}}',
};

test("a data directory is read whole: machines, groups, profiles, templates", () => {
  const { inventory, ignition, dangling } = readSnapshot(directoryWith(GOOD));
  expect([inventory.machines.length, inventory.groups.length, inventory.profiles.size, ignition.size]).toEqual([
    1, 1, 1, 2,
  ]);
  expect(dangling).toEqual([]);
});

test("an empty directory is an empty inventory, and other files are people's notes", () => {
  expect(problemsOf({ "groups/README.md": "not JSON", "profiles/.node.json.swp": "{" })).toEqual([]);
});

test("a plain Ignition file is no template: its braces stay (matchbox)", () => {
  const { ignition } = readSnapshot(directoryWith({ "ignition/a.ign": '{"x":"{{y}}"}' }));
  expect(ignition.get("a.ign")?.render({})).toBe('{"x":"{{y}}"}');
});

describe("problems, each with file and line", () => {
  test.each<readonly [string, Readonly<Record<string, string>>, string]>([
    ["a truncated file", { "groups/a.json": '{\n  "profile": "node",\n' }, "groups/a.json:3: not valid JSON: "],
    ["a wrong type", { "groups/a.json": '{\n  "profile": 3\n}' }, "groups/a.json:2: profile: "],
    [
      "a MAC that is none",
      { "machines/a.json": '{\n "name": "a",\n "macs": [\n  "zz"]\n}' },
      "machines/a.json:4: macs.0: ",
    ],
    [
      "a misspelled key of a machine",
      { "machines/a.json": '{"name":"a",\n"macs":["52:54:00:77:00:01"],\n"adress":"10.0.0.1"}' },
      "machines/a.json:1: ",
    ],
    ["a template that does not parse", { "ignition/a.yaml": "a:\n  {{#if x}}\n" }, "ignition/a.yaml:"],
    [
      "a profile that is not there",
      { "groups/a.json": '{\n\n"profile": "gone" }' },
      "groups/a.json:3: profile: there is no profiles/gone.json",
    ],
    [
      "a template that is not there",
      { "profiles/a.json": '{"ignition_id":\n"gone.yaml"}' },
      "profiles/a.json:2: ignition_id: there is no ignition/gone.yaml",
    ],
    [
      "a key that stands twice, of which the last would count",
      { "groups/a.json": '{"profile": "p",\n"selector": {"role": "manager"},\n"selector": {}}' },
      "groups/a.json:3: the key selector stands twice in one object",
    ],
    [
      "a misspelt selector, without which the group would match every machine",
      { "groups/a.json": '{"profile": "p",\n"selectors": {"role": "manager"}}' },
      "groups/a.json:2: selectors: unknown key; selector is meant?",
    ],
    [
      "an unknown key of a profile",
      { "profiles/a.json": '{"ignitionid":\n"x"}' },
      "profiles/a.json:2: ignitionid: unknown key, which has no effect; ignition_id is meant?",
    ],
    [
      "an unknown key of a boot section",
      { "profiles/a.json": '{"boot": {"kernel": "/k", "note": "x"}}' },
      "profiles/a.json:1: boot.note: unknown key, which has no effect",
    ],
    ["a template that is cut off", { "ignition/a.yaml": "a: 1\nb: " }, "ignition/a.yaml:2: cut off: "],
    ["a template that is empty", { "ignition/a.yaml": "" }, "ignition/a.yaml:1: cut off: "],
    ["a finished config that is empty", { "ignition/a.ign": "" }, "ignition/a.ign:1: cut off: "],
    ["a finished config that is cut off", { "ignition/a.ign": '{"ignition":\n{"version"' }, "ignition/a.ign:2: "],
    [
      "a finished config that is none",
      { "ignition/a.ign": '{"ignition": {\n"version": "2.0.0"}}' },
      "ignition/a.ign:2: ignition.version: unsupported config version 2.0.0",
    ],
    [
      "a boot section whose template does not parse",
      { "profiles/a.json": '{"templated": true,\n"boot": {"args": ["a",\n"{{#if x}}"]}}' },
      "profiles/a.json:3: boot.args.1:1:",
    ],
  ])("%s", (_name, files, expected) => {
    const problems = problemsOf(files);
    expect(problems).toHaveLength(1);
    expect(problems[0]?.slice(0, expected.length)).toBe(expected);
  });

  test("all of them, not only the first", () => {
    expect(
      problemsOf({ "groups/a.json": "{", "profiles/b.json": "[]", "machines/c.json": "{}" }).length,
    ).toBeGreaterThanOrEqual(4);
  });
});

const settings = settingsSchema.parse({ stateDir: "/s", dataPath: "/d", http: { address: "10.0.0.1" } });

/** Serves the files, and tells what an edit of some of them leads to; `undefined` takes a file or folder away. */
function serve(files: Readonly<Record<string, string>>) {
  const events: ServerEvent[] = [];
  const path = directoryWith(files);
  const data = new DataDirectory({
    path,
    log: (event) => events.push(event),
    verify: (...snapshots) => verifySnapshot({ settings: () => settings, agents: undefined }, ...snapshots),
  });
  const edit = (changes: Readonly<Record<string, string | undefined>>) => {
    for (const [name, text] of Object.entries(changes)) {
      if (text === undefined) rmSync(join(path, name), { recursive: true });
      else writeIn(path, name, text);
    }
    data.reload();
  };
  return { data, edit, events };
}

describe("a directory that is edited", () => {
  test.each<readonly [string, Readonly<Record<string, string | undefined>>, string]>([
    ["a truncated profile", { "profiles/node.json": '{ "boot": ' }, "profiles/node.json:1: not valid JSON"],
    ["a folder that vanished", { machines: undefined }, "machines/: the folder was there and is gone"],
    ["an empty template", { "ignition/node.yaml": "" }, "ignition/node.yaml:1: cut off"],
    ["a template of nothing", { "ignition/node.yaml": "\n" }, "ignition/node.yaml: not a config (empty) (for core-01)"],
    [
      "a template with an unknown variable",
      { "ignition/node.yaml": "ignition:\n  version: 3.3.0\n# {{machine.rack}}\n" },
      'ignition/node.yaml:3:3: unknown variable "machine.rack"',
    ],
    [
      "a template that makes no Ignition config",
      { "ignition/node.yaml": "ignition: { version: 3.3.0 }\nstorrage: {}\n" },
      "ignition/node.yaml: $.storrage: unused key storrage (for core-01)",
    ],
    ["an empty finished config", { "ignition/spare.ign": "" }, "ignition/spare.ign:1: cut off"],
    [
      "a finished config that is none",
      { "ignition/spare.ign": '{"ignition":{}}' },
      "ignition/spare.ign:1: ignition.version: ",
    ],
    [
      "a boot section with an unknown variable",
      { "profiles/node.json": '{"templated": true, "boot": {"kernel": "{{nowhere}}/k"}, "ignition_id": "node.yaml"}' },
      'profiles/node.json:1: boot.kernel:1:1: unknown variable "nowhere"',
    ],
    [
      "a group whose selector is misspelt",
      { "groups/all.json": '{ "profile": "node", "selectors": {} }' },
      "groups/all.json:1: selectors: unknown key",
    ],
  ])("%s does not replace the last good state; it is reported, and mending it ends that", (_name, changes, problem) => {
    const { data, edit, events } = serve(GOOD);
    const good = data.current;
    edit(changes);
    expect(data.current).toBe(good);
    expect(data.problems.refused).toHaveLength(1);
    expect(data.problems.refused[0]?.slice(0, problem.length)).toBe(problem);
    expect(events.at(-1)).toMatchObject({ event: "inventory.refused", problems: data.refused });
    edit(GOOD);
    expect(data.current).not.toBe(good);
    expect(data.problems).toEqual({ refused: [], dangling: [], suspicious: [], failing: [] });
  });

  test("what never worked is reported and stops neither the start nor other edits", () => {
    const { data, edit } = serve({ ...GOOD, "ignition/node.yaml": "{{nowhere}}\n", "ignition/spare.ign": "{" });
    expect(data.problems).toMatchObject({
      refused: [],
      failing: [
        expect.stringMatching(/^ignition\/spare\.ign:1: /),
        expect.stringMatching(/^ignition\/node\.yaml:1:1: unknown variable "nowhere".*\(for core-01\)$/),
      ],
    });
    edit({ "machines/core-02.json": '{ "name": "core-02", "macs": ["52:54:00:77:00:02"] }' });
    expect(data.problems.refused).toEqual([]);
    expect(data.current.inventory.machines).toHaveLength(2);
  });

  test("a new machine that lacks what its template wants takes nothing away from the others", () => {
    const { data, edit } = serve({
      ...GOOD,
      "machines/core-01.json": '{ "name": "core-01", "macs": ["52:54:00:77:00:01"], "role": "manager" }',
      "ignition/node.yaml": "ignition: { version: 3.3.0 }\n# {{machine.role}}\n",
    });
    edit({ "machines/core-02.json": '{ "name": "core-02", "macs": ["52:54:00:77:00:02"] }' });
    expect(data.problems).toMatchObject({ refused: [], failing: [expect.stringContaining("(for core-02)")] });
    expect(data.current.inventory.machines).toHaveLength(2);
  });

  test("without a good state to begin with there is no server", () => {
    expect(() => serve({ "groups/a.json": "{" })).toThrow(InventoryError);
  });
});
