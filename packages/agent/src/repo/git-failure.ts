import { AgentError } from "../agent-error.ts";

/**
 * git's messages (C locale, 2.39) that will not change by waiting. All else (refused connections,
 * names that do not resolve, 5xx, time-outs) may be a server that is still starting.
 */
const FINAL_FAILURES: readonly (readonly [RegExp, "ref-missing" | "repo-refused", string])[] = [
  [
    /couldn't find remote ref|unadvertised object|not our ref|expected old\/new\/ref/i,
    "ref-missing",
    "name a branch, a tag or a full commit id that was pushed to the config repo",
  ],
  [
    /Authentication failed|could not read (?:Username|Password)|returned error: 40[13]|terminal prompts disabled/i,
    "repo-refused",
    "the config repo needs a user name and password that it takes, in repo.url of the settings",
  ],
  [
    /repository '.*' not found|does not appear to be a git repository|does not exist|returned error: 404/i,
    "repo-refused",
    "repo.url of the settings must be the config repo's address",
  ],
  [/dubious ownership/i, "repo-refused", "a config repo on this machine must belong to the user the agent runs as"],
];

/** Turns what git wrote to standard error into the agent's error. */
export function describeGitFailure(
  stderr: string,
  { url, ref }: { readonly url: string; readonly ref: string },
): AgentError {
  const lines = stderr.split("\n").filter((line) => /^(?:fatal|error|remote):/.test(line));
  const detail = (lines.length > 0 ? lines : stderr.trim().split("\n")).join(" ").slice(0, 500);
  for (const [pattern, code, hint] of FINAL_FAILURES) {
    if (!pattern.test(stderr)) continue;
    const what = code === "ref-missing" ? `${url} has no ${ref}` : `cannot read ${url}`;
    return new AgentError(code, `${what}: ${detail}`, { hint });
  }
  return new AgentError("repo-unreachable", `cannot fetch ${ref} of ${url}: ${detail}`, {
    hint: "the machine needs a route to the config repo; is the boot server up?",
  });
}
