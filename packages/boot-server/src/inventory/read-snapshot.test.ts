import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { describe, expect, onTestFinished, test } from "vitest";
import type { ServerEvent } from "../log/events.ts";
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
    return readSnapshot(directoryWith(files)).problems;
  } catch (error) {
    if (error instanceof InventoryError) return error.problems;
    throw error;
  }
}

const GOOD = {
  "machines/core-01.json": '{ "name": "core-01", "macs": ["52:54:00:77:00:01"] }',
  "groups/all.json": '{ "profile": "node" }',
  "profiles/node.json": '{ "ignition_id": "node.yaml" }',
  "ignition/node.yaml": "ignition: { version: 3.3.0 }",
};

test("a data directory is read whole: machines, groups, profiles, templates", () => {
  const { inventory, ignition, problems } = readSnapshot(directoryWith(GOOD));
  expect([inventory.machines.length, inventory.groups.length, inventory.profiles.size, ignition.size]).toEqual([
    1, 1, 1, 1,
  ]);
  expect(problems).toEqual([]);
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
    ["a template that does not parse", { "ignition/a.yaml": "a:\n  {{#if x}}" }, "ignition/a.yaml:"],
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

describe("a directory that is edited", () => {
  test("a broken edit keeps the last good state and is reported; mending it ends that", () => {
    const events: ServerEvent[] = [];
    const path = directoryWith(GOOD);
    const data = new DataDirectory(path, (event) => events.push(event));
    const good = data.current;
    writeIn(path, "profiles/node.json", '{ "boot": ');
    data.reload();
    expect(data.current).toBe(good);
    expect(data.refused).toHaveLength(1);
    expect(events.at(-1)).toMatchObject({ event: "inventory.refused", problems: data.refused });
    writeIn(path, "profiles/node.json", "{}");
    data.reload();
    expect(data.current).not.toBe(good);
    expect(data.refused).toEqual([]);
  });

  test("without a good state to begin with there is no server", () => {
    const path = directoryWith({ "groups/a.json": "{" });
    expect(() => new DataDirectory(path, () => undefined)).toThrow(InventoryError);
  });
});
