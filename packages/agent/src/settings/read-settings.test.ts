import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { readSettings } from "./read-settings.ts";

let file: string;

beforeEach(async () => {
  file = join(await mkdtemp(join(tmpdir(), "railhead-settings-")), "agent.json");
});

afterEach(async () => {
  await rm(join(file, ".."), { recursive: true });
});

test("settings are read, with defaults filled in", async () => {
  const machine = { name: "core-01", mac: "52:54:00:77:00:01", role: "manager" };
  await writeFile(file, JSON.stringify({ machine, repo: { url: "/srv/config", ref: "main" } }));
  expect(await readSettings(file)).toMatchObject({ machine, unitTimeoutSeconds: 90 });
});

test("settings that are not there are told by their path, with a hint where they come from", async () => {
  await expect(readSettings(file)).rejects.toMatchObject({
    code: "settings-unreadable",
    message: expect.stringContaining(file),
    hint: expect.stringContaining("Ignition"),
  });
});

test("all problems of settings are told, each with its path", async () => {
  await writeFile(file, JSON.stringify({ machine: { name: "x", mac: "y", role: "z" }, repo: { url: "/srv/config" } }));
  await expect(readSettings(file)).rejects.toMatchObject({
    code: "settings-invalid",
    problems: [
      { file, path: "machine.mac" },
      { file, path: "repo.ref" },
    ],
  });
});

test("settings that are not JSON are told without quoting them: they may hold a password", async () => {
  await writeFile(file, '{"repo":{"url":"http://u:hunter2@h/c" oops');
  const error: unknown = await readSettings(file).catch((thrown: unknown) => thrown);
  expect(error).toMatchObject({ code: "settings-invalid", problems: [{ file, message: "not JSON" }] });
  expect(String(error)).not.toContain("hunter2");
});
