import { describe, expect, test } from "vitest";
import { agentSettingsSchema } from "./agent-settings.ts";

const least = {
  machine: { name: "core-01", mac: "52:54:00:77:00:01", role: "manager" },
  repo: { url: "http://10.77.0.1:8080/git/config.git", ref: "main" },
};

/** The paths of everything that is wrong with a settings document. */
function problemPaths(settings: unknown): string[] {
  return (agentSettingsSchema.safeParse(settings).error?.issues ?? []).map((issue) => issue.path.join("."));
}

describe("agent settings", () => {
  test("need a machine and a repo; the rest has defaults", () => {
    expect(agentSettingsSchema.parse(least)).toEqual({
      ...least,
      stateDir: "/var/lib/railhead",
      unitTimeoutSeconds: 90,
    });
  });

  test("take the server's URL with or without a slash at its end", () => {
    expect(agentSettingsSchema.parse({ ...least, server: "http://10.77.0.1:8080/" }).server).toBe(
      "http://10.77.0.1:8080",
    );
  });

  test("tell every problem at once", () => {
    const bad = {
      server: "10.77.0.1",
      machine: { name: "core_01", mac: "525400770001" },
      repo: { url: "x", ref: "-f" },
    };
    expect(problemPaths(bad)).toEqual([
      "server",
      "machine.name",
      "machine.mac",
      "machine.role",
      "repo.url",
      "repo.ref",
    ]);
  });

  test("refuse an unknown key rather than ignore it", () => {
    expect(agentSettingsSchema.safeParse({ ...least, unitTimeout: 5 }).error?.issues[0]?.message).toContain(
      "unitTimeout",
    );
  });

  test.each([
    "/srv/config.git",
    "file:///srv/config.git",
    "git://10.0.0.1/config.git",
    "https://u:p@example.org/c.git",
  ])("take the repo URL %s", (url) => {
    expect(problemPaths({ ...least, repo: { url, ref: "main" } })).toEqual([]);
  });

  test.each(["--upload-pack=touch /tmp/x", "ext::sh -c id", "relative/path", "http://a b/c.git", "/srv/a\nb", ""])(
    "refuse the repo URL %j",
    (url) => {
      expect(problemPaths({ ...least, repo: { url, ref: "main" } })).toEqual(["repo.url"]);
    },
  );

  test.each([
    "main",
    "release/1.2",
    "v1.0.0",
    "refs/heads/main",
    "0123456789abcdef0123456789abcdef01234567",
    "a+b",
    "x@y",
  ])("take the ref %s", (ref) => {
    expect(problemPaths({ ...least, repo: { url: "/srv/c", ref } })).toEqual([]);
  });

  test.each([
    "",
    "-f",
    "--orphan=x",
    "a..b",
    "a b",
    "HEAD@{1}",
    "@",
    "a//b",
    "a/",
    "a.",
    "a.lock",
    "x/.hidden",
    "a:b",
    "a~1",
    "a^",
    "a*",
  ])("refuse the ref %j", (ref) => {
    expect(problemPaths({ ...least, repo: { url: "/srv/c", ref } })).toEqual(["repo.ref"]);
  });

  test.each(["relative", "/", "/a/../b", "/a//b", "/a/", "/a/.", "/a\nb"])(
    "refuse the state directory %j",
    (stateDir) => {
      expect(problemPaths({ ...least, stateDir })).toEqual(["stateDir"]);
    },
  );

  test.each([0, -1, 86_401, Number.NaN, "90"])("refuse a unit time-out of %j seconds", (unitTimeoutSeconds) => {
    expect(problemPaths({ ...least, unitTimeoutSeconds })).toEqual(["unitTimeoutSeconds"]);
  });
});
