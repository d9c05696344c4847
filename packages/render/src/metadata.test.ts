import * as fc from "fast-check";
import { expect, test } from "vitest";
import { renderMetadata } from "./metadata.ts";

test("names are upper case, nested names joined, lines sorted", () => {
  const context = {
    pod: "east",
    role: "worker",
    ssh: { user: "core", port: 22 },
    enabled: true,
    request: { query: { mac: "52:54:00:77:00:01" }, raw_query: "mac=52-54-00-77-00-01" },
  };
  expect(renderMetadata(context)).toBe(`ENABLED=true
POD=east
REQUEST_QUERY_MAC=52:54:00:77:00:01
REQUEST_RAW_QUERY=mac=52-54-00-77-00-01
ROLE=worker
SSH_PORT=22
SSH_USER=core
`);
});

test.each([
  [3, "3"],
  [1_000_000, "1000000"],
  [123_456_789, "123456789"],
  [1e21, "1000000000000000000000"],
  [-7, "-7"],
  [1.5, "1.5"],
])("the number %d prints as %s", (number, text) => {
  expect(renderMetadata({ number })).toBe(`NUMBER=${text}\n`);
});

test("lists and nulls are left out, empty text is not", () => {
  expect(renderMetadata({ list: [1], nothing: null, missing: undefined, empty: "", map: {} })).toBe("EMPTY=\n");
});

test("values are not quoted", () => {
  expect(renderMetadata({ a: `it's "so" $HOME` })).toBe(`A=it's "so" $HOME\n`);
});

test("a line break in a value stays on its line", () => {
  expect(renderMetadata({ motd: "hello\nROOT_PASSWORD=x\r\n" })).toBe("MOTD=hello\\nROOT_PASSWORD=x\\r\\n\n");
});

test("a query key cannot pretend to be another entry", () => {
  const query = { "a\nEVIL": "1", "mac=evil\u2028": "2" };
  expect(renderMetadata({ request: { query } })).toBe("REQUEST_QUERY_A_EVIL=1\nREQUEST_QUERY_MAC_EVIL_=2\n");
});

test("there are as many lines as values, whatever is in them, and the context stays as it was", () => {
  /** Half ASCII, half anything, unpaired surrogates too. (fast-check's own "binary" takes a second to build.) */
  const character = fc.oneof(fc.nat(0x7f), fc.nat(0x10ffff)).map((code) => String.fromCodePoint(code));
  const strange = fc.string({ unit: character, size: "max", maxLength: 12 });
  fc.assert(
    fc.property(fc.dictionary(strange, strange, { size: "max", maxKeys: 8 }), (query) => {
      const before = structuredClone(query);
      const lines = renderMetadata({ request: { query } }).split("\n");
      expect(lines).toHaveLength(Object.keys(query).length + 1);
      expect(lines.slice(0, -1).every((line) => /^REQUEST_QUERY_[^=]*=/.test(line))).toBe(true);
      expect(query).toEqual(before);
    }),
  );
});
