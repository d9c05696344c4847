import { expect, test } from "vitest";
import { parseIgnition } from "./parse.ts";
import { IgnitionError } from "./problem.ts";

function failure(text: string): IgnitionError {
  try {
    parseIgnition(text, "ignition/node.yaml");
  } catch (error) {
    if (error instanceof IgnitionError) return error;
    throw error;
  }
  throw new Error(`read without an error: ${text}`);
}

test.each([
  ["JSON", '{"ignition": {"version": "3.3.0"}}', { ignition: { version: "3.3.0" } }],
  ["YAML", "ignition:\n  version: 3.3.0\n", { ignition: { version: "3.3.0" } }],
  ["CRLF and a byte order mark", "\ufeffa: b\r\nc: d\r\n", { a: "b", c: "d" }],
  ["anchors and merge keys", "a: &x {b: 1}\nc: {<<: *x, d: 2}", { a: { b: 1 }, c: { b: 1, d: 2 } }],
  ["octal modes, written as everybody writes them", "[0644, 0o644, 0x1a4, 420, 00, 0]", [420, 420, 420, 420, 0, 0]],
  ["text that looks like a number", "['0644', \"0644\"]", ["0644", "0644"]],
  [
    "yes, no and dates as the texts they are",
    "[yes, no, on, 2024-01-01, true]",
    ["yes", "no", "on", "2024-01-01", true],
  ],
  ["nothing", "", null],
])("%s", (_, text, value) => {
  expect(parseIgnition(text, "x")).toEqual(value);
});

test.each([
  ["a duplicate key", "a: 1\nb:\n  c: 1\n  c: 2\n", "line 4, column 3: Map keys must be unique"],
  ["a duplicate key in JSON", '{"a": 1, "a": 2}', "line 1, column 10: Map keys must be unique"],
  ["an unfinished list", "a: [1,\n", "line 2, column 1:"],
  ["truncated JSON", '{"ignition": {"version"', "line 1, column"],
  ["a tab", "a:\n\tb: 1\n", "line 2, column 1: Tabs are not allowed as indentation"],
  ["a second document", "a: 1\n---\nb: 2\n", "line 2, column 1: a second document starts here"],
  ["an unknown alias", "a: *b\n", "Unresolved alias"],
  ["an unknown tag", "a: !vault x\n", "line 1, column 4: Unresolved tag: !vault"],
  ["a leading zero with other digits", "mode: 0890\n", "line 1, column 7: 0890 starts with 0"],
])("%s is an error with its line and column", (_, text, message) => {
  const error = failure(text);
  expect(error.code).toBe("ignition-syntax");
  expect(error.message).toContain("ignition/node.yaml: ");
  expect(error.problems.map((problem) => problem.message).join("\n")).toContain(message);
});

test("all problems of a text are reported", () => {
  expect(failure("a: 1\na: 2\nb: 1\nb: 2\n").problems).toHaveLength(2);
});

test("the text itself, which may hold secrets, is not part of the error", () => {
  const error = failure("passwordHash: hunter2\npasswordHash: hunter2\n");
  expect(error.message).not.toContain("hunter2");
  expect(error.cause).toBeUndefined();
});
