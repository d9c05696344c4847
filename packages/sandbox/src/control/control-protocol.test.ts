import { expect, test } from "vitest";
import { encodeControl, parseControlMessage, parseControlRequest } from "./control-protocol.ts";

test.each([{ verb: "status" }, { verb: "stop" }, { verb: "reboot", node: "core-02" }] as const)(
  "%j is a request",
  (request) => {
    expect(parseControlRequest(encodeControl(request).trimEnd())).toEqual(request);
  },
);

test.each([
  { kind: "line", text: "two\nlines" },
  { kind: "end", exitCode: 3 },
] as const)("%j is an answer on one line", (message) => {
  const line = encodeControl(message);
  expect(line.indexOf("\n")).toBe(line.length - 1);
  expect(parseControlMessage(line.trimEnd())).toEqual(message);
});

test.each(["", "reboot", "null", "[]", "{}", '{"verb":"destroy"}', '{"verb":"reboot"}', '{"verb":"reboot","node":2}'])(
  "%s is neither",
  (line) => {
    expect(() => parseControlRequest(line)).toThrow(expect.objectContaining({ code: "control" }));
    expect(() => parseControlMessage(line)).toThrow(expect.objectContaining({ code: "control" }));
  },
);
