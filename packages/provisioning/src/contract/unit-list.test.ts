import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { parseUnitList, unitListFileName } from "./unit-list.ts";

const unitsOf = (text: string) => parseUnitList(text).entries.map((entry) => entry.unit);

describe("SW-37: a unit list", () => {
  test("names units in the order they are to be started", () => {
    expect(parseUnitList("b.service\na.timer\nc@1.service\n")).toEqual({
      entries: [
        { unit: "b.service", line: 1 },
        { unit: "a.timer", line: 2 },
        { unit: "c@1.service", line: 3 },
      ],
      problems: [],
    });
  });

  test("may have blank lines: they name nothing", () => {
    expect(parseUnitList("\n\n  \t\na.service\n\n")).toEqual({
      entries: [{ unit: "a.service", line: 4 }],
      problems: [],
    });
  });

  test("may lack the newline after its last line", () => {
    expect(unitsOf("a.service\nb.service")).toEqual(["a.service", "b.service"]);
  });

  test.each([
    ["CRLF line ends", "a.service\r\nb.service\r\n"],
    ["CR line ends", "a.service\rb.service\r"],
    ["a byte-order mark", "\uFEFFa.service\nb.service\n"],
    ["comment lines", "# first\na.service\n  # second\nb.service\n"],
    ["comments behind a unit", "a.service # first\nb.service#second\n"],
    ["spaces around a unit", "  a.service\t\n\tb.service  \n"],
  ])("may have %s", (_what, text) => {
    expect(parseUnitList(text).problems).toEqual([]);
    expect(unitsOf(text)).toEqual(["a.service", "b.service"]);
  });

  test("that is empty asks for nothing and is no problem", () => {
    expect(parseUnitList("")).toEqual({ entries: [], problems: [] });
  });

  test("tells all its problems at once, each with its line", () => {
    const { entries, problems } = parseUnitList(
      ["a.service", "", "b", "../etc/x.service", "a.service", "c.service d.service", "e@.service"].join("\n"),
    );
    expect(entries).toEqual([{ unit: "a.service", line: 1 }]);
    expect(problems.map(({ line }) => line)).toEqual([3, 4, 5, 6, 7]);
    expect(problems.map(({ message }) => message)).toEqual([
      expect.stringMatching(/^"b": a unit name ends in one of \.service/),
      expect.stringContaining("not a path"),
      '"a.service" is already on line 1',
      expect.stringContaining("one unit on a line"),
      expect.stringContaining("a template cannot be started"),
    ]);
  });

  test("quotes a very long line in part only", () => {
    const [problem] = parseUnitList("x".repeat(10_000)).problems;
    expect(problem?.message.length).toBeLessThan(300);
  });
});

describe("any text", () => {
  const anyText = fc.oneof(
    fc.string({ unit: "binary", maxLength: 2000, size: "max" }),
    fc
      .array(
        fc.constantFrom("a.service", "b@1.timer", " ", "#", "x", "@", ".service", "\n", "\r\n", "\r", "/", "\uFEFF"),
        {
          maxLength: 60,
          size: "max",
        },
      )
      .map((pieces) => pieces.join("")),
  );

  test("accounts for every line with content once, in order: as an entry or as a problem", () => {
    fc.assert(
      fc.property(anyText, (text) => {
        const { entries, problems } = parseUnitList(text);
        const contentLines = text
          .replace(/^\uFEFF/, "")
          .split(/\r\n|\n|\r/)
          .flatMap((line, index) => ((line.split("#")[0] ?? "").trim() === "" ? [] : [index + 1]));
        expect(entries.map(({ line }) => line)).toEqual(entries.map(({ line }) => line).sort((a, b) => a - b));
        expect(problems.map(({ line }) => line)).toEqual(problems.map(({ line }) => line).sort((a, b) => a - b));
        expect([...entries, ...problems].map(({ line }) => line).sort((a, b) => a - b)).toEqual(contentLines);
      }),
      { numRuns: 500 },
    );
  });

  test("keeps the order of the units whatever stands between them", () => {
    const noise = fc.constantFrom("", " ", "# why", "\t# a.service");
    const lines = fc.uniqueArray(
      fc.stringMatching(/^[a-z][a-z0-9-]{0,12}(?:@[a-z0-9]{1,5})?\.(?:service|timer|socket)$/),
      {
        maxLength: 20,
        size: "max",
      },
    );
    fc.assert(
      fc.property(lines, noise, fc.constantFrom("\n", "\r\n"), (units, between, newline) => {
        const text = units.flatMap((unit) => [between, unit]).join(newline);
        expect(parseUnitList(text).problems).toEqual([]);
        expect(unitsOf(text)).toEqual(units);
      }),
    );
  });
});

describe("the file name of a role's list", () => {
  test("SW-24: is the role with -systemd-units.txt", () => {
    expect(unitListFileName("manager")).toBe("manager-systemd-units.txt");
  });

  test.each(["", "../worker", "a/b", "Worker", "-x"])("cannot be made of %j, which is no role", (role) => {
    expect(() => unitListFileName(role)).toThrow(/lower-case/);
  });
});
