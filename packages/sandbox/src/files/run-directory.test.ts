import { execFile } from "node:child_process";
import { mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { describe, expect, onTestFinished, test } from "vitest";
import { planNodes } from "../nodes/node-plan.ts";
import { findConfigRepo, makeConfigRepo, trustRepo } from "./config-repo.ts";
import { makeRunDirectory, removeRunDirectory, writeDataDirectory } from "./run-directory.ts";

async function scratch(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), "railhead-run-"));
  onTestFinished(() => rm(folder, { recursive: true }));
  return folder;
}

async function git(repo: string, ...args: readonly string[]): Promise<string> {
  return (await promisify(execFile)("git", ["-C", repo, ...args])).stdout.trim();
}

describe("the run directory", () => {
  test("is fresh, for its owner only, and leaves nothing", async () => {
    const directory = await makeRunDirectory(undefined);
    expect((await stat(directory.path)).mode & 0o777).toBe(0o700);
    expect(await readdir(directory.path)).toEqual(["consoles", "data", "machines", "network", "state"]);
    await removeRunDirectory(directory.path);
    await expect(stat(directory.path)).rejects.toMatchObject({ code: "ENOENT" });
  });

  test("is never a folder of somebody else's, which would be removed at the end", async () => {
    const folder = await scratch();
    await expect(makeRunDirectory(folder)).rejects.toMatchObject({ code: "bad-option" });
  });

  test("has a path that is short enough for sockets in it", async () => {
    await expect(makeRunDirectory(`/tmp/${"x".repeat(80)}`)).rejects.toMatchObject({ code: "bad-option" });
  });
});

describe("the data directory", () => {
  test("is the example's with the planned nodes as its only machines", async () => {
    const [example, data] = [await scratch(), await scratch()];
    for (const folder of ["groups", "machines"]) {
      await mkdir(join(example, folder));
    }
    await writeFile(join(example, "groups", "manager.json"), "{}");
    await writeFile(join(example, "machines", "other.json"), "{}");
    await writeDataDirectory(data, example, planNodes({ nodes: 2, managers: 1, firmware: ["bios"] }));
    expect(await readdir(data, { recursive: true })).toEqual(
      expect.arrayContaining(["groups/manager.json", "machines/core-01.json", "machines/core-02.json"]),
    );
    expect(await readdir(join(data, "machines"))).toHaveLength(2);
    expect(JSON.parse(await readFile(join(data, "machines", "core-02.json"), "utf8"))).toMatchObject({
      role: "worker",
    });
  });

  test("needs its example", async () => {
    await expect(writeDataDirectory(await scratch(), "/nonexistent/data", [])).rejects.toMatchObject({
      code: "missing-file",
    });
  });
});

describe("the config repo", () => {
  test("is made of the example with one commit on main", async () => {
    const example = await scratch();
    await writeFile(join(example, "worker-systemd-units.txt"), "greeter.service\n");
    const repo = join(await scratch(), "config-repo");
    expect(await makeConfigRepo(repo, example)).toBe(repo);
    expect(await git(repo, "log", "--format=%an", "main")).toBe("Railhead sandbox");
    expect(await git(repo, "ls-files")).toBe("worker-systemd-units.txt");
    expect(await git(repo, "status", "--porcelain")).toBe("");
  });

  test("may be one's own, if it is a repository", async () => {
    const own = await scratch();
    await expect(findConfigRepo(own)).rejects.toMatchObject({ code: "bad-option" });
    await git(own, "init", "--quiet");
    expect(await findConfigRepo(own)).toBe(own);
  });

  test("is trusted beside what the environment trusts already", () => {
    expect(trustRepo("/home/user/repo", { GIT_CONFIG_COUNT: "1" })).toEqual({
      GIT_CONFIG_COUNT: "3",
      GIT_CONFIG_KEY_1: "safe.directory",
      GIT_CONFIG_VALUE_1: "/home/user/repo",
      GIT_CONFIG_KEY_2: "safe.directory",
      GIT_CONFIG_VALUE_2: "/home/user/repo/.git",
    });
  });
});
