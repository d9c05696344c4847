import { describe, expect, test } from "vitest";
import { unitFileName, unitNameProblem } from "./unit-name.ts";

describe("a unit name", () => {
  test.each([
    "etcd.service",
    "node-health.socket",
    "a.b.c.timer",
    "var-lib-docker.mount",
    "dev-disk-by\\x2dlabel-x.swap",
    "nano-container@1.service",
    "health@10.77.0.1:80.service",
    "user@a@b.service",
    "my.slice",
    `${"a".repeat(247)}.service`,
  ])("may be %s", (name) => {
    expect(unitNameProblem(name)).toBeUndefined();
  });

  test.each([
    ["", "ends in one of"],
    ["etcd", "ends in one of"],
    ["etcd.conf", "ends in one of"],
    ["sda.device", "ends in one of"],
    ["session.scope", "ends in one of"],
    [".service", "begins with"],
    ["-.mount", "begins with"],
    ["--now.service", "begins with"],
    ["..service", "begins with"],
    ["a b.service", "begins with"],
    ["a\n.service", "begins with"],
    ["é.service", "begins with"],
    ["a/b.service", "not a path"],
    ["a@.service", "template"],
    ["a@b c.service", "instance"],
    [`${"a".repeat(248)}.service`, "at most 255"],
  ])("cannot be %j: %s", (name, why) => {
    expect(unitNameProblem(name)).toContain(why);
  });
});

test.each([
  ["etcd.service", "etcd.service"],
  ["nano@1.service", "nano@.service"],
  ["health@10.77.0.1.socket", "health@.socket"],
  ["user@a@b.service", "user@.service"],
])("%s is defined by the file %s", (unit, file) => {
  expect(unitFileName(unit)).toBe(file);
});
