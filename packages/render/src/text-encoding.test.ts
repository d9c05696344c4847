import * as fc from "fast-check";
import { expect, test } from "vitest";
import { parse } from "yaml";
import { renderTemplate } from "./template.ts";
import { base64, dataUrl, jsonForYaml, utf8Bytes } from "./text-encoding.ts";

/** Half ASCII, half anything, unpaired surrogates too. (fast-check's own "binary" takes a second to build.) */
const character = fc.oneof(fc.nat(0x7f), fc.nat(0x10ffff)).map((code) => String.fromCodePoint(code));
const anyText = fc.string({ unit: character, size: "max", maxLength: 60 });

test("utf8Bytes is the platform's encoding of any text", () => {
  fc.assert(
    fc.property(anyText, (text) => {
      expect(utf8Bytes(text)).toEqual(new Uint8Array(Buffer.from(text)));
    }),
  );
  expect(utf8Bytes("a\ud800b")).toEqual(new Uint8Array(Buffer.from("a\ufffdb")));
});

test("base64 is the platform's base64 of any bytes", () => {
  fc.assert(
    fc.property(fc.uint8Array({ size: "max", maxLength: 60 }), (bytes) => {
      expect(base64(bytes)).toBe(Buffer.from(bytes).toString("base64"));
    }),
  );
});

test("a data URL decodes back to its text (RFC 2397)", async () => {
  await fc.assert(
    fc.asyncProperty(anyText, async (text) => {
      const response = await fetch(dataUrl(text));
      expect(Buffer.from(await response.arrayBuffer()).toString()).toBe(text.toWellFormed());
    }),
  );
});

test.each([
  "{{#dataUrl}}{{text}}{{/dataUrl}}",
  '"{{#dataUrl}}{{text}}{{/dataUrl}}"',
  "'{{#dataUrl}}{{text}}{{/dataUrl}}'",
])("a data URL written as %s is one YAML text with the bytes of the block", (written) => {
  fc.assert(
    fc.property(anyText, (text) => {
      const yaml = renderTemplate({ name: "t", text: `source: ${written}\n` }, { text: `#${text}` });
      expect(parse(yaml)).toEqual({ source: dataUrl(`#${text}`) });
    }),
  );
});

test("a data URL block may start on a line of its own, so that a script keeps its first line", () => {
  const text = 'source: "{{#dataUrl}}\n#!/bin/sh\necho {{name}}\n{{/dataUrl}}"';
  expect(renderTemplate({ name: "t", text }, { name: "core-01" })).toBe(
    'source: "data:,%23!%2Fbin%2Fsh%0Aecho%20core-01%0A"',
  );
});

test("json is the same value to a JSON and to a YAML reader, wherever it stands", () => {
  fc.assert(
    fc.property(fc.jsonValue({ stringUnit: character }), (value) => {
      const json = jsonForYaml(value) ?? "";
      const plain = JSON.parse(JSON.stringify(value)) as unknown;
      expect(JSON.parse(json)).toEqual(plain);
      expect(parse(`a: ${json}\nb: [${json}]\n`, { uniqueKeys: false })).toEqual({ a: plain, b: [plain] });
    }),
  );
});

test("json escapes what YAML forbids or takes as a line break", () => {
  expect(jsonForYaml("\u007f\u0085\u2028\u2029\ufeff\ud800é")).toBe(
    String.raw`"\u007f\u0085\u2028\u2029\ufeff\ud800é"`,
  );
});

test("json has no form for what JSON cannot say", () => {
  expect(jsonForYaml(undefined)).toBeUndefined();
});
