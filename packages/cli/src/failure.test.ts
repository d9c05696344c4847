import { SandboxError } from "@railhead/sandbox";
import { describe, expect, test } from "vitest";
import { describeFailure } from "./failure.ts";

describe("what a failure says at the terminal, and its exit code", () => {
  test.each<readonly [string, unknown, string, number]>([
    [
      "a wrong option of the sandbox",
      new SandboxError("bad-option", "no firmware is given"),
      "railhead: no firmware is given",
      2,
    ],
    [
      "a failure without a hint",
      new SandboxError("timed-out", "no answer within 5 s"),
      "railhead: no answer within 5 s",
      1,
    ],
    [
      "a failure with one",
      new SandboxError("not-root", "only root can", { hint: "Use sudo." }),
      "railhead: only root can\n  hint: Use sudo.",
      1,
    ],
    [
      "several problems",
      Object.assign(new Error("a\nb"), { code: "bad-settings", hint: "mend" }),
      "railhead: a\nrailhead: b\n  hint: mend",
      2,
    ],
    ["what is no error", "odd", "railhead: odd", 1],
  ])("%s", (_what, error, text, exitCode) => {
    expect(describeFailure(error)).toEqual({ text, exitCode });
  });

  test.each([
    ["a bug", new TypeError("x is not a function")],
    ["a failure of Node that nobody thought of", Object.assign(new Error("open x"), { code: "ENOENT" })],
  ])("%s keeps its stack", (_what, error) => {
    expect(describeFailure(error)).toEqual({ text: error.stack, exitCode: 1 });
  });
});
