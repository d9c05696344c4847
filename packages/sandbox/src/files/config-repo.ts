import { cp } from "node:fs/promises";
import { resolve } from "node:path";
import { runCommand } from "../process/command.ts";
import { messageOf, SandboxError } from "../sandbox-error.ts";
import { requireDirectory } from "./require-directory.ts";

/** Makes a git repository with one commit on `main` out of a folder of files, and returns its path. */
export async function makeConfigRepo(repo: string, example: string, signal?: AbortSignal): Promise<string> {
  await requireDirectory(example, "the example config repo");
  await cp(example, repo, { recursive: true });
  // Whoever runs the sandbox may have hooks, signing or another default branch in their configuration.
  const environment = {
    GIT_CONFIG_GLOBAL: "/dev/null",
    GIT_CONFIG_SYSTEM: "/dev/null",
    GIT_AUTHOR_NAME: "Railhead sandbox",
    GIT_AUTHOR_EMAIL: "sandbox@railhead.invalid",
    GIT_COMMITTER_NAME: "Railhead sandbox",
    GIT_COMMITTER_EMAIL: "sandbox@railhead.invalid",
  };
  const git = (...args: string[]): Promise<string> => runCommand(["git", "-C", repo, ...args], { environment, signal });
  await git("init", "--quiet", "--initial-branch=main");
  await git("add", "--all");
  await git("commit", "--quiet", "--message", "Example units of the sandbox");
  return repo;
}

/** The absolute path of somebody's own config repo. Throws `bad-option` when it is no git repository. */
export async function findConfigRepo(path: string, signal?: AbortSignal): Promise<string> {
  const repo = resolve(path);
  await runCommand(["git", "-C", repo, "rev-parse", "--git-dir"], {
    environment: trustRepo(repo, process.env),
    signal,
  }).catch((cause: unknown) => {
    throw new SandboxError("bad-option", `${repo} is no git repository: ${messageOf(cause)}`, { cause });
  });
  return repo;
}

/**
 * The environment in which git reads a repository of another user, which it refuses unless a trusted place names it
 * safe: the sandbox runs as root while the repo is mostly that of the person who called sudo. Environment variables are
 * such a place and end with the process (git-config(1), GIT_CONFIG_COUNT). Pure.
 */
export function trustRepo(
  repo: string,
  environment: Readonly<Record<string, string | undefined>>,
): Readonly<Record<string, string>> {
  const count = Number(environment["GIT_CONFIG_COUNT"] ?? 0);
  const paths = [repo, `${repo}/.git`];
  return Object.fromEntries([
    ["GIT_CONFIG_COUNT", String(count + paths.length)],
    ...paths.flatMap((path, index) => [
      [`GIT_CONFIG_KEY_${count + index}`, "safe.directory"],
      [`GIT_CONFIG_VALUE_${count + index}`, path],
    ]),
  ]);
}
