import { expect, test } from "vitest";
import { describeGitFailure } from "./git-failure.ts";
import { splitRepoUrl } from "./repo-url.ts";

const asked = { url: "http://10.77.0.1/config.git", ref: "main" };

/** As git 2.39 wrote them. */
test.each([
  ["fatal: couldn't find remote ref main", "ref-missing"],
  [
    "error: Server does not allow request for unadvertised object 0123456789abcdef0123456789abcdef01234567",
    "ref-missing",
  ],
  ["fatal: remote error: upload-pack: not our ref 0123456789abcdef0123456789abcdef01234567", "ref-missing"],
  ["fatal: repository 'http://10.77.0.1/config.git/' not found", "repo-refused"],
  [
    "fatal: '/srv/config' does not appear to be a git repository\nfatal: Could not read from remote repository.",
    "repo-refused",
  ],
  ["fatal: Authentication failed for 'http://10.77.0.1/config.git/'", "repo-refused"],
  ["fatal: could not read Username for 'http://10.77.0.1': terminal prompts disabled", "repo-refused"],
  ["fatal: detected dubious ownership in repository at '/srv/config'", "repo-refused"],
  ["fatal: unable to access 'http://10.77.0.1/config.git/': Could not resolve host: boot", "repo-unreachable"],
  [
    "fatal: unable to access 'http://10.77.0.1/config.git/': Failed to connect to 10.77.0.1 port 80 after 0 ms: Couldn't connect to server",
    "repo-unreachable",
  ],
  ["fatal: unable to access 'http://10.77.0.1/config.git/': The requested URL returned error: 503", "repo-unreachable"],
  ["error: RPC failed; curl 56 Recv failure: Connection reset by peer\nfatal: early EOF", "repo-unreachable"],
  ["", "repo-unreachable"],
])("%j means %s", (stderr, code) => {
  expect(describeGitFailure(stderr, asked)).toMatchObject({ code, hint: expect.any(String) });
});

test.each([
  ["http://10.77.0.1/c.git", { url: "http://10.77.0.1/c.git" }],
  ["/srv/c", { url: "/srv/c" }],
  [
    "https://u:p%40w@example.org:8443/c.git",
    { url: "https://example.org:8443/c.git", credentials: { username: "u", password: "p@w" } },
  ],
  [
    "https://token@example.org/c.git",
    { url: "https://example.org/c.git", credentials: { username: "token", password: "" } },
  ],
])("the repo URL %s is split into what may be shown and what may not", (repoUrl, address) => {
  expect(splitRepoUrl(repoUrl)).toEqual(address);
});
