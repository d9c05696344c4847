import { appendFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { type SimpleGit, simpleGit } from "simple-git";
import { AgentError, messageOf } from "../agent-error.ts";
import { describeGitFailure } from "./git-failure.ts";
import type { CheckoutRequest, GitRemote } from "./git-remote.ts";
import { type Credentials, splitRepoUrl } from "./repo-url.ts";

/** Variables git needs from the service's environment. HOME may be unset there, and git does without. */
const PASSED_ON = ["PATH", "HOME", "http_proxy", "https_proxy", "no_proxy", "HTTPS_PROXY", "NO_PROXY", "SSL_CERT_FILE"];

/** Fetches by the system's `git`, one commit deep. */
export const simpleGitRemote: GitRemote = {
  async checkOut(request) {
    const { url, credentials } = splitRepoUrl(request.repoUrl);
    const timeout = AbortSignal.timeout(request.timeoutMs);
    const git = openGit(request.directory, AbortSignal.any([request.signal, timeout]));
    try {
      await git.raw(["init", "--quiet", "--initial-branch=checkout"]);
      await describeOrigin(request.directory, url, credentials);
      await git.raw([
        "fetch",
        "--quiet",
        "--depth=1",
        "--no-tags",
        "--no-recurse-submodules",
        "origin",
        "--",
        request.ref,
      ]);
      // A tag's object is not its commit; ^{commit} is.
      await git.raw(["checkout", "--quiet", "--detach", "--force", "FETCH_HEAD^{commit}"]);
      return (await git.raw(["rev-parse", "--verify", "HEAD"])).trim();
    } catch (error) {
      throw translate(error, request, url, timeout.aborted);
    }
  },
};

function openGit(directory: string, abort: AbortSignal): SimpleGit {
  const inherited = PASSED_ON.flatMap((name) => (process.env[name] === undefined ? [] : [[name, process.env[name]]]));
  return simpleGit({
    baseDir: directory,
    abort,
    allowEnvironment: ["GIT_TERMINAL_PROMPT"],
    // By default simple-git takes a non-zero exit for success when nothing is on standard error.
    errors: (error, result) =>
      error ?? (result.exitCode === 0 ? undefined : Buffer.from(`git exited with ${result.exitCode}`)),
  }).env({ ...Object.fromEntries(inherited), LC_ALL: "C.UTF-8", GIT_TERMINAL_PROMPT: "0" });
}

/**
 * Tells the checkout its remote by writing git's own files rather than by arguments: any user of the
 * machine can read a command line, and credentials must not be on one.
 */
async function describeOrigin(directory: string, url: string, credentials: Credentials | undefined): Promise<void> {
  const lines = ['[remote "origin"]', `\turl = ${quoteConfig(url)}`];
  if (credentials !== undefined) {
    const file = join(directory, ".git", "railhead-credentials");
    await writeFile(file, credentialLine(url, credentials), { mode: 0o600 });
    lines.push("[credential]", `\thelper = ${quoteConfig(`store --file='${file.replaceAll("'", String.raw`'\''`)}'`)}`);
  }
  await appendFile(join(directory, ".git", "config"), `${lines.join("\n")}\n`);
}

/** One line of git-credential-store's file. */
function credentialLine(url: string, { username, password }: Credentials): string {
  const { protocol, host } = new URL(url);
  return `${protocol}//${encodeURIComponent(username)}:${encodeURIComponent(password)}@${host}\n`;
}

function quoteConfig(value: string): string {
  return `"${value.replaceAll("\\", String.raw`\\`).replaceAll('"', String.raw`\"`)}"`;
}

function translate(error: unknown, request: CheckoutRequest, url: string, timedOut: boolean): AgentError {
  const message = messageOf(error);
  if (request.signal.aborted) return new AgentError("repo-interrupted", "interrupted while fetching the config repo");
  if (timedOut) {
    const seconds = Math.round(request.timeoutMs / 1000);
    return new AgentError("repo-unreachable", `${url} did not send ${request.ref} within ${seconds} s`);
  }
  if (/spawn git ENOENT/.test(message)) {
    return new AgentError("git-missing", "there is no git on this machine", {
      hint: "install the package git in the node image",
    });
  }
  return describeGitFailure(message, { url, ref: request.ref });
}
