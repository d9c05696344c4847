import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { createLab, LAB_URL, type Lab, labNeeds, runOrThrow, serveCommand, startLabServer } from "@railhead/testkit";
import { beforeAll, describe, expect, test } from "vitest";

const needs = labNeeds("curl", "git");
const REPO = `${LAB_URL}/git/config.git`;

let lab: Lab;
/** Oldest first; the second has the tag v1, the third is the head of main, the fourth of next. */
let commits: readonly string[];

describe.skipIf(needs.skip)(`git over HTTP${needs.note}`, () => {
  beforeAll(async () => {
    lab = await createLab({ clientAddress: "10.77.0.250/24" });
    const made: string[] = [];
    for (const name of ["one", "two", "three", "four"]) {
      if (name === "four") await server("checkout", "--quiet", "-b", "next");
      writeFileSync(join(lab.directory, "config-repo", name), `${name}\n`.repeat(5000));
      await server("add", ".");
      await server("-c", "user.name=t", "-c", "user.email=t@example.test", "commit", "--quiet", "--message", name);
      made.push((await server("rev-parse", "HEAD")).trim());
      if (name === "two") await server("tag", "v1");
    }
    await server("checkout", "--quiet", "main");
    commits = made;
    return async () => lab[Symbol.asyncDispose]();
  });

  test("clones everything", async () => {
    await clone("whole");
    expect(await client("whole", "rev-list", "--count", "origin/main")).toBe("3\n");
    expect(await client("whole", "fsck", "--strict")).toBe("");
  });

  test.each([
    ["the default branch", [], 2],
    ["another branch", ["--branch", "next"], 3],
    ["a tag", ["--branch", "v1"], 1],
  ])("clones %s with a depth of one", async (what, options, expected) => {
    const name = what.replaceAll(" ", "-");
    await clone(name, "--depth", "1", ...options);
    expect(await client(name, "rev-parse", "HEAD")).toBe(`${commits[expected]}\n`);
    expect(await client(name, "rev-list", "--count", "HEAD")).toBe("1\n");
  });

  test.each([0, 1])("fetches commit %i by its id, which is what a ref of the agent may be", async (index) => {
    const commit = commits[index] ?? "";
    await runOrThrow(["git", "init", "--quiet", join(lab.directory, `commit-${index}`)]);
    await client(`commit-${index}`, "fetch", "--quiet", "--depth", "1", REPO, commit);
    expect(await client(`commit-${index}`, "rev-parse", "FETCH_HEAD")).toBe(`${commit}\n`);
  });

  test.each(["0", "1", "2"])("speaks version %s of git's protocol", async (version) => {
    const name = `protocol-${version}`;
    await runOrThrow(
      lab.network.inClient([
        "git",
        "-c",
        `protocol.version=${version}`,
        "clone",
        "--quiet",
        REPO,
        join(lab.directory, name),
      ]),
    );
    expect(await client(name, "rev-parse", "HEAD")).toBe(`${commits[2]}\n`);
  });

  test("ten clones at once all come to their end", async () => {
    await Promise.all(Array.from({ length: 10 }, (_, index) => clone(`many-${index}`, "--depth", "1")));
    const heads = await Promise.all(
      Array.from({ length: 10 }, (_, index) => client(`many-${index}`, "rev-parse", "HEAD")),
    );
    expect(new Set(heads)).toEqual(new Set([`${commits[2]}\n`]));
  });

  test("a new commit is there for the next fetch", async () => {
    await clone("follower");
    writeFileSync(join(lab.directory, "config-repo", "five"), "five\n");
    await server("add", ".");
    await server("-c", "user.name=t", "-c", "user.email=t@example.test", "commit", "--quiet", "--message", "five");
    await client("follower", "pull", "--quiet");
    expect(await client("follower", "rev-parse", "HEAD")).toBe(await server("rev-parse", "HEAD"));
  });

  test("a push is refused and changes nothing", async () => {
    await clone("pusher");
    const before = await server("rev-parse", "main");
    await client(
      "pusher",
      "-c",
      "user.name=t",
      "-c",
      "user.email=t@example.test",
      "commit",
      "--quiet",
      "--allow-empty",
      "--message",
      "x",
    );
    const { code, stderr } = await lab.run([
      "git",
      "-C",
      join(lab.directory, "pusher"),
      "push",
      "--quiet",
      "origin",
      "HEAD:main",
    ]);
    expect(code).not.toBe(0);
    expect(stderr).toMatch(/403|not permitted|denied/);
    expect(await server("rev-parse", "main")).toBe(before);
  });

  test.each<readonly [string, number]>([
    ["/git/config.git/info/refs", 403],
    ["/git/config.git/info/refs?service=git-receive-pack", 403],
    ["/git/config.git/info/refs?service=git-upload-pack&service=git-upload-pack", 403],
    ["/git/config.git/HEAD", 404],
    ["/git/config.git/objects/info/packs", 404],
    ["/git/other.git/info/refs?service=git-upload-pack", 404],
  ])("%s is answered with %i", async (path, status) => {
    expect((await lab.http(path)).status).toBe(status);
  });

  test("nonsense in place of a request ends in an answer, and the server goes on", async () => {
    const headers = { "content-type": "application/x-git-upload-pack-request" };
    const post = async (body: string, more: object = {}) =>
      (await lab.http("/git/config.git/git-upload-pack", { method: "POST", headers: { ...headers, ...more }, body }))
        .status;
    expect(await post("0000")).toBe(200); // a client that wants nothing
    expect(await post("nonsense")).toBe(400);
    expect(await post("ffff")).toBe(400);
    expect(await post("no gzip", { "content-encoding": "gzip" })).toBe(400);
    expect(await post("{}", { "content-type": "application/json" })).toBe(415);
    expect((await lab.http("/healthz")).status).toBe(200);
    expect(lab.server.stderr()).toBe("");
  });

  test("a server whose machine has no git says so to who asks, and goes on", async () => {
    const { server: first } = lab;
    first.signal("SIGTERM");
    await first.exited;
    const argv = serveCommand(join(lab.directory, "railhead.yaml"));
    await using without = startLabServer(lab.network.inServer(["/usr/bin/env", "PATH=/nonexistent", ...argv]));
    await without.waitForEvent(({ event }) => event === "server.ready");
    const { status } = await lab.http("/git/config.git/info/refs?service=git-upload-pack");
    expect(status).toBe(500);
    await without.waitForEvent(({ event, error }) => event === "http.failed" && error === "spawn git ENOENT");
    expect((await lab.http("/boot.ipxe")).status).toBe(200);
    expect(without.stderr()).toBe("");
  });
});

function server(...argv: readonly string[]): Promise<string> {
  return runOrThrow(["git", "-C", join(lab.directory, "config-repo"), ...argv]);
}

function client(name: string, ...argv: readonly string[]): Promise<string> {
  return runOrThrow(lab.network.inClient(["git", "-C", join(lab.directory, name), ...argv]));
}

function clone(name: string, ...options: readonly string[]): Promise<string> {
  return runOrThrow(lab.network.inClient(["git", "clone", "--quiet", ...options, REPO, join(lab.directory, name)]));
}
