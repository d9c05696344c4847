import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { AgentError } from "../agent-error.ts";
import { loadUnits } from "./load-units.ts";
import { triggeredUnits } from "./triggered-units.ts";

let repo: string;

beforeEach(async () => {
  repo = await mkdtemp(join(tmpdir(), "railhead-config-"));
});

afterEach(async () => {
  await rm(repo, { recursive: true });
});

async function put(files: Record<string, string | Uint8Array>): Promise<void> {
  for (const [name, content] of Object.entries(files)) {
    await mkdir(dirname(join(repo, name)), { recursive: true });
    await writeFile(join(repo, name), content);
  }
}

async function fileNames(list: string): Promise<Record<string, string[]>> {
  await put({ "worker-systemd-units.txt": list });
  const units = await loadUnits(repo, "worker");
  return Object.fromEntries(units.map(({ unit, files }) => [unit, files.map((file) => file.name)]));
}

async function problemsOf(list: string): Promise<string[]> {
  await put({ "worker-systemd-units.txt": list });
  const error: unknown = await loadUnits(repo, "worker").catch((thrown: unknown) => thrown);
  expect(error).toBeInstanceOf(AgentError);
  return error instanceof AgentError ? error.problems.map(({ message }) => message) : [];
}

describe("the files of a unit", () => {
  test("SW-37: are its own, and no other file of the folder", async () => {
    await put({ "systemd-units/a.service": "a", "systemd-units/other.service": "o" });
    expect(await fileNames("\na.service\n\n")).toEqual({ "a.service": ["a.service"] });
  });

  test("of an instance are its template", async () => {
    await put({ "systemd-units/nano@.service": "n" });
    expect(await fileNames("nano@1.service\nnano@2.service")).toEqual({
      "nano@1.service": ["nano@.service"],
      "nano@2.service": ["nano@.service"],
    });
  });

  test("include drop-ins, for an instance those of its template too", async () => {
    await put({
      "systemd-units/nano@.service": "n",
      "systemd-units/nano@.service.d/20-b.conf": "b",
      "systemd-units/nano@.service.d/10-a.conf": "a",
      "systemd-units/nano@.service.d/notes.txt": "not a drop-in",
      "systemd-units/nano@1.service.d/30-c.conf": "c",
    });
    expect(await fileNames("nano@1.service")).toEqual({
      "nano@1.service": [
        "nano@.service",
        "nano@.service.d/10-a.conf",
        "nano@.service.d/20-b.conf",
        "nano@1.service.d/30-c.conf",
      ],
    });
  });

  test("include the service that a timer triggers, unless the list names it itself", async () => {
    await put({ "systemd-units/a.timer": "[Timer]\n", "systemd-units/a.service": "a" });
    expect(await fileNames("a.timer")).toEqual({ "a.timer": ["a.timer", "a.service"] });
    expect(await fileNames("a.timer\na.service")).toEqual({ "a.timer": ["a.timer"], "a.service": ["a.service"] });
  });

  test("leave out a triggered service that is the operating system's", async () => {
    await put({ "systemd-units/a.timer": "[Timer]\nUnit=systemd-tmpfiles-clean.service\n" });
    expect(await fileNames("a.timer")).toEqual({ "a.timer": ["a.timer"] });
  });
});

describe("a config repo", () => {
  test("tells all that is wrong with its unit files", async () => {
    await put({
      "systemd-units/empty.service": "",
      "systemd-units/binary.service": new Uint8Array([0xff, 0xfe]),
      "systemd-units/folder.service/x": "x",
      "systemd-units/file.service": "f",
      "systemd-units/file.service.d": "not a folder",
    });
    expect(await problemsOf("none.service\nempty.service\nbinary.service\nfolder.service\nfile.service")).toEqual([
      "none.service: there is no systemd-units/none.service",
      "systemd-units/empty.service is empty, which systemd takes for masked",
      "systemd-units/binary.service is not UTF-8 text",
      "systemd-units/folder.service is a folder, not a unit file",
      "file.service: systemd-units/file.service.d is not a folder",
    ]);
  });

  test("without a systemd-units folder lacks each unit's file", async () => {
    expect(await problemsOf("a.service\nb.service")).toHaveLength(2);
  });

  test("without any list says that it may not be the config repo", async () => {
    await expect(loadUnits(repo, "worker")).rejects.toMatchObject({
      code: "list-missing",
      hint: expect.stringContaining("no list at all"),
    });
  });
});

test.each([
  ["a.service", "Unit=b.service", []],
  ["a.timer", "[Timer]\nOnBootSec=1", ["a.service"]],
  ["a.timer", "[Timer]\nUnit = b.target\n", ["b.target"]],
  ["a.path", "[Path]\r\nUnit=b.service\r\n", ["b.service"]],
  ["a.socket", "[Socket]\nListenStream=1", ["a.service", "a@.service"]],
  ["a.socket", "[Socket]\nService=b.service", ["b.service"]],
  ["a.timer", "# Unit=b.service\nUnit=", ["a.service"]],
])("%s with %j triggers %j", (unit, content, triggered) => {
  expect(triggeredUnits(unit, content)).toEqual(triggered);
});
