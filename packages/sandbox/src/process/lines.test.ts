import { expect, test } from "vitest";
import { createLineSplitter } from "./lines.ts";

function split(...chunks: readonly string[]): readonly string[] {
  const lines: string[] = [];
  const splitter = createLineSplitter((line) => lines.push(line));
  chunks.forEach(splitter.push);
  splitter.end();
  return lines;
}

test("lines are the same wherever the chunks were cut", () => {
  expect(split("one\ntwo\n")).toEqual(["one", "two"]);
  expect(split("o", "ne", "\nt", "wo\n")).toEqual(["one", "two"]);
});

test("a carriage return before the line end is no part of the line", () => {
  expect(split("one\r", "\ntwo\r\n")).toEqual(["one", "two"]);
});

test("what has no line end is the last line", () => {
  expect(split("one\ntwo")).toEqual(["one", "two"]);
});

test("a stream without line ends is cut into pieces instead of being kept in memory", () => {
  const lines = split("x".repeat(600_000), "x".repeat(600_000), "end\n");
  expect(lines.map((line) => line.length)).toEqual([1_200_000, 3]);
});
