import { expect, test } from "vitest";
import { type FileRequest, fileAnswer } from "./file-answer.ts";

/** 2026-11-20 11:00:00.700 UTC */
const FILE = { size: 1000, mtimeMs: Date.UTC(2026, 10, 20, 11) + 700 };
const { headers: HEADERS } = fileAnswer(FILE, { method: "HEAD" });
const ETAG = String(HEADERS["etag"]);
const MODIFIED = "Fri, 20 Nov 2026 11:00:00 GMT";
const EARLIER = "Fri, 20 Nov 2026 10:59:59 GMT";

/** `206 10-20/1000`: status, and which bytes. */
function answer(request: Omit<FileRequest, "method">, file = FILE): string {
  const { status, headers, start, end } = fileAnswer(file, { method: "GET", ...request });
  const said = headers["content-range"] ?? headers["content-length"];
  return `${status} ${start}-${end} ${said ?? "-"}`;
}

test("a file is described by its length, a tag and when it was changed", () => {
  expect(HEADERS).toMatchObject({ "content-length": 1000, "last-modified": MODIFIED, "accept-ranges": "bytes" });
  expect(ETAG).toMatch(/^"[0-9a-f]+-[0-9a-f]+"$/);
});

test.each([
  ["bytes=0-99", "206 0-100 bytes 0-99/1000"],
  ["bytes=999-", "206 999-1000 bytes 999-999/1000"],
  ["bytes=0-", "206 0-1000 bytes 0-999/1000"],
  ["BYTES=1-1", "206 1-2 bytes 1-1/1000"],
  ["bytes=900-5000", "206 900-1000 bytes 900-999/1000"],
  ["bytes=-1", "206 999-1000 bytes 999-999/1000"],
  ["bytes=-5000", "206 0-1000 bytes 0-999/1000"],
  ["bytes=-0", "416 0-0 bytes */1000"],
  ["bytes=1000-", "416 0-0 bytes */1000"],
  ["bytes=1000-2000", "416 0-0 bytes */1000"],
  ["bytes=99999999999999999999-", "416 0-0 bytes */1000"],
  // No range, or more than one: the whole file.
  ["bytes=5-1", "200 0-1000 1000"],
  ["bytes=-", "200 0-1000 1000"],
  ["bytes=a-b", "200 0-1000 1000"],
  ["bytes=0-1,5-6", "200 0-1000 1000"],
  ["lines=0-1", "200 0-1000 1000"],
  ["", "200 0-1000 1000"],
])("Range %j is answered with %s (RFC 9110 section 14.2)", (range, expected) => {
  expect(answer({ range })).toBe(expected);
});

test.each([
  ["bytes=0-", "416 0-0 bytes */0"],
  ["bytes=-1", "416 0-0 bytes */0"],
])("Range %s of an empty file is answered with %s", (range, expected) => {
  expect(answer({ range }, { ...FILE, size: 0 })).toBe(expected);
});

test.each([
  [ETAG, "206"],
  [MODIFIED, "206"],
  ['"other"', "200"],
  [`W/${ETAG}`, "200"],
  [EARLIER, "200"],
])("a part is sent when If-Range is %s: %s (section 13.1.5)", (ifRange, status) => {
  expect(answer({ range: "bytes=0-0", ifRange }).slice(0, 3)).toBe(status);
});

test.each<[Omit<FileRequest, "method">, string]>([
  [{ ifNoneMatch: ETAG }, "304"],
  [{ ifNoneMatch: `W/${ETAG}` }, "304"],
  [{ ifNoneMatch: `"other", ${ETAG}` }, "304"],
  [{ ifNoneMatch: "*" }, "304"],
  [{ ifNoneMatch: '"other"' }, "200"],
  [{ ifModifiedSince: MODIFIED }, "304"],
  [{ ifModifiedSince: EARLIER }, "200"],
  [{ ifModifiedSince: "yesterday" }, "200"],
  // The tag decides alone where there is one (section 13.1.3).
  [{ ifNoneMatch: '"other"', ifModifiedSince: MODIFIED }, "200"],
  [{ ifNoneMatch: ETAG, range: "bytes=0-1" }, "304"],
])("%j is answered with %s (section 13)", (request, status) => {
  expect(answer(request).slice(0, 3)).toBe(status);
});

test("HEAD tells the whole length, has no body, and knows no ranges", () => {
  const { status, headers, start, end } = fileAnswer(FILE, { method: "HEAD", range: "bytes=0-1" });
  expect([status, headers["content-length"], start, end]).toEqual([200, 1000, 0, 0]);
});
