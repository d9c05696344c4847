import { mkdir, mkdtemp, readdir, rm, stat, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { openUnitDirectory, type UnitDirectory } from "./unit-directory.ts";

let path: string;
let directory: UnitDirectory;

beforeEach(async () => {
  path = await mkdtemp(join(tmpdir(), "railhead-units-"));
  directory = openUnitDirectory(path);
});

afterEach(async () => {
  await rm(path, { recursive: true });
});

test("a file that was written is read as it was, and nothing else is left", async () => {
  await directory.write("a.service", "[Unit]\r\nDescription=ü\n");
  await directory.write("a.service.d/10-x.conf", "[Service]\n");
  expect(await directory.read("a.service")).toEqual({ kind: "file", content: "[Unit]\r\nDescription=ü\n" });
  expect(await readdir(path, { recursive: true })).toEqual(["a.service", "a.service.d", "a.service.d/10-x.conf"]);
});

test("a file is replaced by a whole new one, never changed in place", async () => {
  await directory.write("a.service", "old");
  const { ino } = await stat(join(path, "a.service"));
  await directory.write("a.service", "new");
  expect((await stat(join(path, "a.service"))).ino).not.toBe(ino);
  expect(await directory.read("a.service")).toEqual({ kind: "file", content: "new" });
});

test("a file can be read by all and written by root only", async () => {
  await directory.write("a.service", "x");
  expect((await stat(join(path, "a.service"))).mode & 0o777).toBe(0o644);
});

test("what is missing is missing, and a link or a folder is another's", async () => {
  await symlink("/dev/null", join(path, "masked.service"));
  await mkdir(join(path, "folder.service"));
  expect(await directory.read("none.service")).toEqual({ kind: "missing" });
  expect(await directory.read("masked.service")).toEqual({ kind: "foreign" });
  expect(await directory.read("folder.service")).toEqual({ kind: "foreign" });
});

test("a write that fails leaves nothing behind", async () => {
  await writeFile(join(path, "a.service.d"), "in the way");
  await expect(directory.write("a.service.d/x.conf", "x")).rejects.toThrow(/EEXIST|ENOTDIR/);
  expect(await readdir(path)).toEqual(["a.service.d"]);
});
