import { mkdirSync, mkdtempSync, rmSync, symlinkSync, utimesSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { BootFiles } from "./boot-files.ts";

let base: string;
let files: BootFiles;
beforeAll(() => {
  base = mkdtempSync(join(tmpdir(), "railhead-tftp-"));
  mkdirSync(join(base, "root/sub"), { recursive: true });
  writeFileSync(join(base, "root/a.kpxe"), "boot");
  writeFileSync(join(base, "root/sub/b.efi"), "loader");
  writeFileSync(join(base, "secret"), "secret");
  mkdirSync(join(base, "root-beside"));
  writeFileSync(join(base, "root-beside/c"), "beside");
  symlinkSync("../secret", join(base, "root/out"));
  symlinkSync("..", join(base, "root/up"));
  symlinkSync("sub/b.efi", join(base, "root/in"));
  symlinkSync("loop", join(base, "root/loop"));
  files = new BootFiles(join(base, "root"));
});
afterAll(() => rmSync(base, { recursive: true }));

test.each([
  ["a.kpxe", "boot"],
  ["/a.kpxe", "boot"],
  ["sub//b.efi", "loader"],
  ["\\sub\\b.efi", "loader"],
  ["./sub/./b.efi", "loader"],
  ["a.kpxe\xff", "boot"],
  ["in", "loader"],
])("%j is served", async (name, content) => {
  const found = await files.find(name);
  expect("content" in found ? Buffer.from(found.content).toString() : found.reason).toBe(content);
});

test.each([
  ["../secret", "outside-root"],
  ["sub/../../secret", "outside-root"],
  ["/../root-beside/c", "outside-root"],
  ["..\\secret", "outside-root"],
  ["out", "outside-root"],
  ["up/secret", "outside-root"],
  ["a.kpxe\0.txt", "outside-root"],
  ["", "outside-root"],
  ["sub", "not-found"],
  ["loop", "not-found"],
  ["a.kpxe/x", "not-found"],
  ["none", "not-found"],
  ["x".repeat(300), "not-found"],
])("%j is refused: %s", async (name, reason) => {
  expect(await files.find(name)).toEqual({ reason });
});

test("a file is read once, and again when it has changed on disk", async () => {
  const path = join(base, "root/changing");
  writeFileSync(path, "one");
  const first = await files.find("changing");
  const again = await files.find("changing");
  expect("content" in first && "content" in again && first.content === again.content).toBe(true);
  writeFileSync(path, "two");
  utimesSync(path, new Date(), new Date(Date.now() + 5000));
  const changed = await files.find("changing");
  expect("content" in changed ? Buffer.from(changed.content).toString() : changed.reason).toBe("two");
});
