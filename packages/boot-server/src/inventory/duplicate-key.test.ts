import { describe, expect, test } from "vitest";
import { duplicateKey } from "./duplicate-key.ts";

describe("a key that stands twice in one object", () => {
  test.each([
    ["at the top", '{"a":1,\n"a":2}', { key: "a", line: 2 }],
    ["within a list", '[{"a":[1,{"b":1,"b":2}]}]', { key: "b", line: 1 }],
    ["after an object that has ended", '{"a":{"x":1},"b":[],\n\n"a":{}}', { key: "a", line: 3 }],
    ["written in another way", '{"a":1,"\\u0061":2}', { key: "a", line: 1 }],
    ["with marks in it", '{"{[,\\"":1,"{[,\\"":2}', { key: '{[,"', line: 1 }],
  ])("%s", (_where, text, expected) => {
    expect(duplicateKey(text)).toEqual(expected);
  });

  test.each([
    ["in objects of their own", '{"a":{"a":1},"b":{"a":2},"c":[{"a":1},{"a":2}]}'],
    ["as values", '{"a":"b","b":"a","c":["a","a","b"],"d":"a"}'],
    ["in a list after a comma", '{"a":[1,"a","a"],"b":1}'],
    ["of which there is none", '"a"'],
  ])("is not one %s", (_where, text) => {
    expect(duplicateKey(text)).toBeUndefined();
  });
});
