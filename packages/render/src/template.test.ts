import * as fc from "fast-check";
import Handlebars from "handlebars";
import { describe, expect, test } from "vitest";
import { compileTemplate, renderTemplate } from "./template.ts";
import { TemplateError } from "./template-error.ts";

const context = {
  machine: { name: "core-01", mac: "52:54:00:77:00:01", rack: null, tags: ["a", "b"], labels: { zone: "z1" } },
  count: 3,
  zero: 0,
  yes: true,
  no: false,
  text: 'say "hi" & <go>',
  empty: [],
  peers: [{ name: "p1" }, { name: "p2" }],
  matrix: [
    [1, 2],
    [3, 4],
  ],
  upper: "a variable named like a helper",
};

function render(text: string, values: Readonly<Record<string, unknown>> = context): string {
  return renderTemplate({ name: "ignition/node.yaml", text }, values);
}

function failure(text: string, values: Readonly<Record<string, unknown>> = context): TemplateError {
  try {
    render(text, values);
  } catch (error) {
    if (error instanceof TemplateError) return error;
    throw error;
  }
  throw new Error(`rendered without an error: ${text}`);
}

describe("what templates can say", () => {
  test.each([
    ["a variable", "{{machine.name}}", "core-01"],
    ["a variable unescaped", "{{text}} {{{text}}}", `${context.text} ${context.text}`],
    ["numbers and truth values as they are", "{{count}} {{zero}} {{no}}", "3 0 false"],
    ["list items and lengths", "{{machine.tags.[1]}} {{machine.tags.length}}", "b 2"],
    ["numbers side by side, which stay digits", "{{count}}{{zero}}{{eq 1 1}}{{not 1}}", "30truefalse"],
    ["this and ./", "{{this.count}}{{./count}}", "33"],
    ["if, else if, else", "{{#if zero}}a{{else if yes}}b{{else}}c{{/if}}", "b"],
    ["an empty list is false", "{{#if empty}}a{{else}}b{{/if}}", "b"],
    ["unless", "{{#unless no}}a{{/unless}}", "a"],
    ["with", "{{#with machine}}{{name}} {{../count}} {{@root.zero}}{{/with}}", "core-01 3 0"],
    ["each over a list", "{{#each peers}}{{@index}}{{name}}{{#unless @last}},{{/unless}}{{/each}}", "0p1,1p2"],
    ["each over a map", "{{#each machine.labels}}{{@key}}={{this}}{{/each}}", "zone=z1"],
    ["each over nothing", "{{#each empty}}x{{else}}none{{/each}}", "none"],
    ["block parameters", "{{#each peers as |peer at|}}{{at}}{{peer.name}}{{/each}}", "0p11p2"],
    ["nested each", "{{#each matrix}}{{#each this}}{{@../index}}{{this}} {{/each}}{{/each}}", "01 02 13 14 "],
    ["a block line leaves no line behind", "a\n{{#if yes}}\nb\n{{/if}}\nc\n", "a\nb\nc\n"],
    ["white space control", "a  {{~count~}}  b", "a3b"],
    ["comments", "a{{!-- {{nothing}} --}}b{{! c }}", "ab"],
    ["literal braces by a raw string", '{{lower "{{X}}"}}', "{{x}}"],
    ["eq and ne", "{{eq count 3}} {{ne machine.name 'core-01'}} {{eq count '3'}}", "true false false"],
    ["and", "{{and yes count}} {{and yes no count}} {{and zero no}}", "3 false 0"],
    ["or", "{{or no count}} {{or no zero}}", "3 0"],
    ["not", "{{not no}} {{not empty}} {{not count}}", "true true false"],
    ["helpers in helpers", "{{#if (and (eq count 3) (not no))}}x{{/if}}", "x"],
    ["join", "{{join machine.tags}} {{join machine.tags ' + '}}", "a,b a + b"],
    ["upper and lower", "{{upper machine.name}} {{lower 'ABC'}}", "CORE-01 abc"],
    ["a variable named like a helper", "{{this.upper}}", context.upper],
    [
      "base64 of UTF-8",
      "{{base64 'a'}} {{base64 'ab'}} {{base64 'abc'}} {{base64 'é€😀'}} {{base64 ''}}",
      "YQ== YWI= YWJj w6nigqzwn5iA ",
    ],
    [
      "json",
      "{{json machine.tags}} {{json text}} {{json machine.rack}}",
      `["a","b"] ${JSON.stringify(context.text)} null`,
    ],
    ["lookup by a computed name", "{{lookup machine.labels 'zone'}}{{lookup machine.tags 0}}", "z1a"],
    ["default of a missing variable", "{{default machine.row 'none'}} {{default nothing.at.all 1}}", "none 1"],
    ["default of null", "{{default machine.rack 'none'}}", "none"],
    ["default of a present variable", "{{default zero 9}}", "0"],
    ["default as an argument", "{{#each (default nothing machine.tags)}}{{this}}{{/each}}", "ab"],
    ["an optional block", "{{#if (default machine.row false)}}x{{/if}}", ""],
  ])("%s", (_, text, expected) => {
    expect(render(text)).toBe(expected);
  });

  test("a plain template renders as Handlebars itself renders it", () => {
    const pieces = [
      "{{machine.mac}}",
      " x ",
      "\n",
      "{{#if yes}}",
      "{{/if}}",
      "{{#each peers}}{{name}}\n{{/each}}\n",
      "  {{~machine.name~}}  ",
    ];
    const balanced = fc.array(fc.constantFrom(...pieces), { maxLength: 12 }).map((parts) => {
      const opened = parts.filter((part) => part === "{{#if yes}}").length;
      const inner = parts.filter((part) => part !== "{{/if}}").join("");
      return inner + "\n{{/if}}\n".repeat(opened);
    });
    fc.assert(
      fc.property(balanced, (text) => {
        expect(render(text)).toBe(Handlebars.create().compile(text, { noEscape: true })(context));
      }),
    );
  });
});

describe("what is not there is an error", () => {
  test.each([
    ["printed", "a\n  {{nothing}}", 2, 3, "nothing"],
    ["nested", "{{machine.row}}", 1, 1, "machine.row"],
    ["under a missing parent", "{{machine.row.slot.x}}", 1, 1, "machine.row.slot.x"],
    ["under text", "{{machine.name.length}}", 1, 1, "machine.name.length"],
    ["in if", "{{#if machine.row}}{{/if}}", 1, 7, "machine.row"],
    ["in else if", "{{#if no}}{{else if nothing}}{{/if}}", 1, 21, "nothing"],
    ["in unless", "{{#unless nothing}}{{/unless}}", 1, 11, "nothing"],
    ["in with", "{{#with nothing}}{{/with}}", 1, 9, "nothing"],
    ["in each", "x\n{{#each machine.disks}}{{/each}}", 2, 9, "machine.disks"],
    ["inside each, where only the item is in sight", "{{#each peers}}{{count}}{{/each}}", 1, 16, "count"],
    ["of a block parameter", "{{#each peers as |p|}}{{p.port}}{{/each}}", 1, 23, "p.port"],
    ["as an argument", "{{upper nothing}}", 1, 9, "nothing"],
    ["as a second argument", "{{eq count nothing}}", 1, 12, "nothing"],
    ["as an argument of an argument", "{{#if (eq machine.row 'x')}}{{/if}}", 1, 11, "machine.row"],
    ["as the value that default falls back to", "{{default nothing otherwise}}", 1, 19, "otherwise"],
    ["outside a loop", "{{@index}}", 1, 1, "@index"],
    ["among the data variables", "{{@level}}", 1, 3, "@level"],
    ["by lookup", "{{lookup machine.labels 'row'}}", 1, 1, "row"],
    ["beyond the end of a list", "{{machine.tags.[2]}}", 1, 1, "machine.tags.2"],
    ["in a data URL", "{{#dataUrl}}x\n{{nothing}}{{/dataUrl}}", 2, 1, "nothing"],
  ])("%s", (_, text, line, column, variable) => {
    expect(failure(text)).toMatchObject({
      code: "template-unknown-variable",
      file: "ignition/node.yaml",
      line,
      column,
      variable,
    });
  });

  test.each([
    "constructor",
    "__proto__",
    "toString",
    "machine.constructor",
    "machine.__proto__",
    "machine.hasOwnProperty",
  ])("%s, which every object inherits", (name) => {
    expect(failure(`{{${name}}}`).code).toBe("template-unknown-variable");
    expect(failure(`{{#if ${name}}}{{/if}}`).code).toBe("template-unknown-variable");
  });

  test("the message reads like a compiler's, with what to do", () => {
    const error = failure("{{#if yes}}\n  {{machine.row}}\n{{/if}}");
    expect(error.message).toBe('ignition/node.yaml:2:3: unknown variable "machine.row": there is no "row"');
    expect(error.hint).toContain("{{default machine.row");
  });
});

describe("what is no template", () => {
  test.each([
    ["an unclosed block", "a\n{{#if yes}}\nb", 3, 2],
    ["a wrong end", "a\n  {{#if yes}}{{/each}}", 2, 6],
    ["an unclosed expression", "{{ machine.name", 1, 12],
    ["a stray end", "a\n{{/if}}", 2, 1],
    ["a literal to print", "{{'x'}}", 1, 3],
  ])("%s is a syntax error with its position", (_, text, line, column) => {
    expect(failure(text)).toMatchObject({ code: "template-syntax", line, column });
  });

  test.each([
    ["an unknown helper", "{{shout machine.name}}", 'unknown helper "shout"'],
    ["an unknown helper as an argument", "{{#if (shout 1)}}{{/if}}", 'unknown helper "shout"'],
    ["a helper of Handlebars that writes to the console", "{{log 'x'}}", 'unknown helper "log"'],
    ["an unknown partial", "a{{> header}}", 'unknown partial "header"'],
    ["an unknown inline partial", "{{#*inline 'x'}}{{/inline}}", "decorators"],
    ["a variable as a block", "{{#machine}}{{/machine}}", '"machine" is no block helper'],
    ["a helper without arguments", "{{upper}}", "{{this.upper}}"],
    ["a helper with too many arguments", "{{eq 1 2 3}}", "eq takes 2 arguments, got 3"],
    ["a named argument", "{{#if zero includeZero=true}}{{/if}}", 'named argument "includeZero"'],
    ["a block helper as a value", "{{#if (dataUrl)}}{{/if}}", "dataUrl is a block"],
    ["a block helper without its block", "{{if yes}}", "if is a block"],
  ])("%s is found when the template is compiled", (_, text, message) => {
    const compile = () => compileTemplate({ name: "t", text });
    expect(compile).toThrow(TemplateError);
    const { code, message: found, hint = "" } = failure(text);
    expect(code).toBe("template-helper");
    expect(`${found} ${hint}`).toContain(message);
  });

  test.each([
    ["a map", "{{machine}}", "is a map"],
    ["a list", "{{machine.tags}}", "is a list"],
    ["null", "{{machine.rack}}", "is null"],
    ["a list item that is a map", "{{#each peers}}{{this}}{{/each}}", "is a map"],
    ["a map from a helper", "{{or no machine}}", "is a map"],
  ])("%s has no text form and is not printed as [object Object]", (_, text, message) => {
    expect(failure(text).message).toContain(message);
  });

  test.each([
    ["upper of a map", "{{upper machine}}"],
    ["join of text", "{{join machine.name}}"],
    ["join of maps", "{{join peers}}"],
    ["each over a number", "{{#each count}}{{/each}}"],
    ["lookup by a map", "{{lookup machine machine}}"],
    ["base64 of a list", "{{base64 machine.tags}}"],
  ])("%s is a helper error with its position", (_, text) => {
    expect(failure(`\n ${text}`)).toMatchObject({ code: "template-helper", line: 2, column: 2 });
  });
});

describe("isolation", () => {
  test("rendering does not change the context, not even a frozen one", () => {
    const frozen = Object.freeze({ list: Object.freeze([Object.freeze({ a: 1 })]), map: Object.freeze({ b: 2 }) });
    expect(render("{{#each list}}{{a}}{{@index}}{{/each}}{{#with map}}{{b}}{{/with}}{{json map}}", frozen)).toBe(
      '102{"b":2}',
    );
  });

  test("one machine's values do not show in the next rendering", () => {
    const template = compileTemplate({ name: "t", text: "{{default name 'nobody'}}{{#each tags}}{{this}}{{/each}}" });
    expect(
      [{ name: "a", tags: ["x"] }, { tags: [] }, { name: "b", tags: ["y"] }].map((values) => template.render(values)),
    ).toEqual(["ax", "nobody", "by"]);
  });

  test("helpers and partials registered in the process are unknown here", () => {
    Handlebars.registerHelper("outside", () => "x");
    Handlebars.registerPartial("outside", "x");
    expect(failure("{{outside 1}}").message).toContain("unknown helper");
    expect(failure("{{> outside}}").message).toContain("unknown partial");
    expect(Handlebars.helpers).not.toHaveProperty("dataUrl");
    Handlebars.unregisterHelper("outside");
    Handlebars.unregisterPartial("outside");
  });

  test("a value that looks like a template is text", () => {
    expect(render("{{x}}", { x: "{{machine.name}}" })).toBe("{{machine.name}}");
  });
});
