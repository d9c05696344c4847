import { expect, test } from "vitest";
import { dataUrlProblem, parseUrl } from "./url.ts";

test.each([
  ["http://10.77.0.1:8080/a?b=c#d", "http"],
  ["HTTPS://u:p@h/", "https"],
  ["http://[fd00::1]:80/", "http"],
  ["http://h/ space", "http"],
  ["http://h/?%zz", "http"],
  ["data:,a%2Fb", "data"],
  ["mailto:x", "mailto"],
  ["/etc/motd", ""],
  ["", ""],
])("%j has the scheme %j", (url, scheme) => {
  expect(parseUrl(url)).toEqual({ scheme });
});

test.each([
  "::",
  "1http://h",
  "http://h:port/",
  "http://h h/",
  "http://[::1/",
  "http://h/%zz",
  "http://h/#%",
  "http://a\nb",
  "http://%41/",
  "http://a b@h/",
])("%j is no URL", (url) => {
  expect(parseUrl(url)).toBeUndefined();
});

test.each([
  ["data:,", undefined],
  ["data:,a%20b", undefined],
  ["data:text/plain;charset=utf-8;base64,aGk=", undefined],
  ['data:text/plain;name="a b",x', undefined],
  ["data:;base64,", undefined],
  ["data:x", "missing comma before data"],
  ["DATA:,x", "missing data prefix"],
  ["data:text,x", "invalid character for media type"],
  ["data:;utf8,x", "expected base64, got utf8"],
  ["data:,a b", "invalid data character"],
  ["data:,%4", "invalid escape sequence in data"],
  ["data:;base64,aGk", "illegal base64 data"],
  ["data:;base64,a-_=", "invalid data character"],
])("%j: %s", (url, problem) => {
  expect(dataUrlProblem(url)).toBe(problem);
});
