import { existsSync } from "node:fs";
import { chmod, mkdir, mkdtemp, readdir, readFile, readlink, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { type GitServer, type GitServerOptions, git, serveGit } from "../../testing/git-server.ts";
import { systemClock } from "../clock.ts";
import type { AgentEvent } from "../log.ts";
import { openCheckoutStore } from "./checkout-store.ts";
import { simpleGitRemote } from "./simple-git-remote.ts";
import { retrySeconds, syncRepo } from "./sync-repo.ts";

let root: string;
let config: string;
let state: string;
let events: AgentEvent[];
let servers: GitServer[];

beforeEach(async () => {
  // The service has no HOME, and git must do without.
  vi.stubEnv("HOME", undefined);
  root = await mkdtemp(join(tmpdir(), "railhead-sync-"));
  config = join(root, "config");
  state = join(root, "state");
  events = [];
  servers = [];
  await mkdir(join(config, "tools"), { recursive: true });
  git(config, "init", "--quiet", "--initial-branch=main");
  await commit("one");
});

afterEach(async () => {
  vi.unstubAllEnvs();
  for (const server of servers) await server.close();
  await rm(root, { recursive: true });
});

async function serve(options?: GitServerOptions): Promise<GitServer> {
  const server = await serveGit(root, options);
  servers.push(server);
  return server;
}

async function commit(content: string): Promise<string> {
  await writeFile(join(config, "file"), content);
  await writeFile(join(config, "tools/tool"), "#!/bin/sh\n");
  await chmod(join(config, "tools/tool"), 0o755);
  git(config, "add", "--all");
  git(config, "commit", "--quiet", "--message", content);
  return git(config, "rev-parse", "HEAD");
}

interface SyncOverrides {
  readonly repoUrl?: string;
  readonly ref?: string;
  readonly deadlineSeconds?: number;
  readonly signal?: AbortSignal;
}

function sync(overrides: SyncOverrides = {}): Promise<string> {
  const request = {
    repoUrl: config,
    ref: "main",
    deadlineSeconds: 20,
    signal: new AbortController().signal,
    ...overrides,
  };
  const store = openCheckoutStore(state);
  return syncRepo(request, {
    remote: simpleGitRemote,
    store,
    clock: systemClock,
    log: (event) => void events.push(event),
  });
}

function checkedOut(file = "file"): Promise<string> {
  return readFile(join(state, "repo", file), "utf8");
}

describe("a sync", () => {
  test("SW-22: gives the tip of a branch, and its full commit id", async () => {
    const revision = await commit("two");
    expect(await sync()).toBe(revision);
    expect(await checkedOut()).toBe("two");
  });

  test("keeps tools executable", async () => {
    await sync();
    expect((await stat(join(state, "repo/tools/tool"))).mode & 0o777).toBe(0o755);
  });

  test("gives a tag's commit, also of an annotated tag, and not the tag's own id", async () => {
    const revision = git(config, "rev-parse", "HEAD");
    git(config, "tag", "--annotate", "v1", "--message", "v1");
    await commit("two");
    expect(await sync({ ref: "v1" })).toBe(revision);
    expect(await checkedOut()).toBe("one");
  });

  test("gives any commit of a branch by its full id", async () => {
    const revision = git(config, "rev-parse", "HEAD");
    await commit("two");
    expect(await sync({ ref: revision })).toBe(revision);
    expect(await checkedOut()).toBe("one");
  });

  test("takes a file URL", async () => {
    await sync({ repoUrl: `file://${config}` });
    expect(await checkedOut()).toBe("one");
  });

  test("fetches over HTTP", async () => {
    const server = await serve();
    const first = git(config, "rev-parse", "HEAD");
    expect(await sync({ repoUrl: `${server.url}/config/.git` })).toBe(first);
    await commit("two");
    expect(await sync({ repoUrl: `${server.url}/config/.git`, ref: first })).toBe(first);
  });

  test("fetches one commit only", async () => {
    await commit("two");
    await sync();
    expect(git(join(state, "repo"), "rev-list", "--count", "HEAD")).toBe("1");
  });

  test("logs in with the URL's credentials, which stay out of everything that others can read", async () => {
    const server = await serve({ login: "deploy:s3cret/ä" });
    await sync({ repoUrl: `${server.url.replace("//", "//deploy:s3cret%2F%C3%A4@")}/config/.git` });
    expect(await checkedOut()).toBe("one");
    const settings = join(state, "repo/.git");
    expect(await readFile(join(settings, "config"), "utf8")).not.toContain("s3cret");
    expect((await stat(join(settings, "railhead-credentials"))).mode & 0o777).toBe(0o600);
  });
});

describe("SW-23: the checkout in use", () => {
  test("is replaced in one step, and nothing else is left behind", async () => {
    await sync();
    const before = await readlink(join(state, "repo"));
    await commit("two");
    await sync();
    const after = await readlink(join(state, "repo"));
    expect(after).not.toBe(before);
    expect(await readdir(join(state, "checkouts"))).toEqual([after.replace("checkouts/", "")]);
    expect(await checkedOut()).toBe("two");
  });

  test("stays when the remote is gone", async () => {
    await sync();
    await rm(config, { recursive: true });
    await expect(sync()).rejects.toMatchObject({ code: "repo-refused" });
    expect(await checkedOut()).toBe("one");
  });

  test("stays when the ref is missing", async () => {
    await sync();
    await expect(sync({ ref: "no-such-branch" })).rejects.toMatchObject({ code: "ref-missing" });
    expect(await checkedOut()).toBe("one");
  });

  test("is not affected by what a kill left half built", async () => {
    await sync();
    await mkdir(join(state, "checkouts/half"));
    await sync();
    expect(existsSync(join(state, "checkouts/half"))).toBe(false);
    expect(await checkedOut()).toBe("one");
  });

  test("is never put in the place of something the agent did not make", async () => {
    await mkdir(join(state, "repo"), { recursive: true });
    await writeFile(join(state, "repo/precious"), "x");
    await expect(sync()).rejects.toMatchObject({ code: "checkout-blocked" });
    expect(await checkedOut("precious")).toBe("x");
  });
});

describe("a remote", () => {
  test("SW-21: that is not there yet is tried again until it is", async () => {
    const server = await serve({ unavailable: 2 });
    await sync({ repoUrl: `${server.url}/config/.git`, deadlineSeconds: 30 });
    expect(events.map(({ event }) => event)).toEqual(["repo-attempt-failed", "repo-attempt-failed"]);
    expect(await checkedOut()).toBe("one");
  });

  test("SW-31: that refuses connections is given up at the deadline", async () => {
    await expect(sync({ repoUrl: "http://127.0.0.1:9/config.git", deadlineSeconds: 2 })).rejects.toMatchObject({
      code: "repo-unreachable",
    });
    expect(events.length).toBeGreaterThan(0);
  });

  test("SW-31: that takes the connection and says nothing is given up at the deadline", async () => {
    const server = await serve({ silent: true });
    await expect(sync({ repoUrl: `${server.url}/config/.git`, deadlineSeconds: 0.5 })).rejects.toMatchObject({
      code: "repo-unreachable",
      message: expect.stringContaining("did not send main within"),
    });
  });

  test("that knows no such repo is not asked again", async () => {
    const server = await serve();
    await expect(sync({ repoUrl: `${server.url}/other.git`, deadlineSeconds: 30 })).rejects.toMatchObject({
      code: "repo-refused",
    });
    expect(events).toEqual([]);
  });

  test("that wants another password is not asked again, and the password is not told", async () => {
    const server = await serve({ login: "deploy:right" });
    const repoUrl = `${server.url.replace("//", "//deploy:wr0ng@")}/config/.git`;
    const error: unknown = await sync({ repoUrl, deadlineSeconds: 30 }).catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ code: "repo-refused" });
    expect(String(error)).not.toContain("wr0ng");
  });

  test("that lacks the commit says so", async () => {
    const server = await serve();
    const missing = sync({
      repoUrl: `${server.url}/config/.git`,
      ref: "0123456789abcdef0123456789abcdef01234567",
      deadlineSeconds: 30,
    });
    await expect(missing).rejects.toMatchObject({ code: "ref-missing" });
  });

  test("is left at once when the agent is told to stop", async () => {
    const server = await serve({ silent: true });
    const stop = new AbortController();
    setTimeout(() => stop.abort(), 200);
    const stopped = sync({ repoUrl: `${server.url}/config/.git`, deadlineSeconds: 30, signal: stop.signal });
    await expect(stopped).rejects.toMatchObject({ code: "repo-interrupted" });
  });

  test("needs git on the machine, and its absence is told by name", async () => {
    vi.stubEnv("PATH", root);
    await expect(sync()).rejects.toMatchObject({ code: "git-missing", hint: expect.stringContaining("package git") });
  });
});

test("attempts come quickly at first and every ten seconds in the end", () => {
  expect([1, 2, 3, 4, 5, 6, 7, 50].map(retrySeconds)).toEqual([0.5, 1, 2, 4, 8, 10, 10, 10]);
});
