import { chmod, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { findTools } from "./tools.ts";

async function folderWith(...programs: readonly string[]): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), "railhead-tools-"));
  onTestFinished(() => rm(folder, { recursive: true }));
  for (const program of programs) {
    await writeFile(join(folder, program), "");
    await chmod(join(folder, program), 0o755);
  }
  return folder;
}

test("tools are found in the search path", async () => {
  const folder = await folderWith("qemu-img");
  const tools = await findTools(["qemu-img"], `/nonexistent:${folder}`, []);
  expect(tools("qemu-img")).toBe(join(folder, "qemu-img"));
});

test("tools of root are found although the search path lacks their folder", async () => {
  const folder = await folderWith("radvd");
  const tools = await findTools(["radvd"], "", [folder]);
  expect(tools("radvd")).toBe(join(folder, "radvd"));
});

test("all tools that are missing are named at once, with the packages that have them", async () => {
  const folder = await folderWith("ip");
  const missing = findTools(["ip", "radvd", "nsenter", "unshare"], folder, []);
  await expect(missing).rejects.toMatchObject({
    code: "missing-tool",
    message: "the programs radvd, nsenter, unshare are not installed",
    hint: "On Debian: apt-get install radvd util-linux",
  });
});
