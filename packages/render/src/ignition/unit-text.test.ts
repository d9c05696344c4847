import { expect, test } from "vitest";
import { readUnitText } from "./unit-text.ts";

test.each([
  ["", undefined],
  ["text before any section", undefined],
  ["[Unit]\nDescription=x\n", undefined],
  ["# c [\n[Unit]\n; c\n  A = b\n\nC=\n", undefined],
  ["[Unit]\r\nA=b\r\n", undefined],
  ["[Service]\nExecStart=a \\\n  b\n", undefined],
  ["[Unit", "unable to find end of section"],
  ["[Unit]\n[Service", "unable to find end of section"],
  ["[Unit] x", 'found garbage after section name : "x"'],
  ["[Unit]\nWants\nA=b", "unexpected newline encountered while parsing option name"],
  ["[Unit]\nWants", "EOF"],
  ["[Service]\nExecStart=a \\\n# not a comment\nb", "EOF"],
])("%j: %s", (text, error) => {
  expect(readUnitText(text).error).toBe(error);
});

test("sections count once they have an option", () => {
  expect([...readUnitText("A=b\n[Unit]\nC=d\n[Install]\n[Service]\n# [X]\nE=f\\\n[Y]\n").sections]).toEqual([
    "Unit",
    "Service",
  ]);
});
