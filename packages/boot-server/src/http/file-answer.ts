/** What a file's answer depends on. */
export interface ServedFile {
  readonly size: number;
  readonly mtimeMs: number;
}

/** The headers of a request for a file, as they came. */
export interface FileRequest {
  readonly method: string;
  readonly range?: string | undefined;
  readonly ifRange?: string | undefined;
  readonly ifNoneMatch?: string | undefined;
  readonly ifModifiedSince?: string | undefined;
}

/** An answer without its body. */
export interface FileAnswer {
  readonly status: 200 | 206 | 304 | 416;
  readonly headers: Readonly<Record<string, string | number>>;
  /** Which bytes are the body, `end` exclusive. Empty for HEAD, 304 and 416. */
  readonly start: number;
  readonly end: number;
}

/**
 * Answers a GET or HEAD of a file by the rules of RFC 9110: conditions (section 13) come before ranges (section 14),
 * which only GET has. Several ranges at once are answered with the whole file, as section 14.2 allows.
 */
export function fileAnswer(file: ServedFile, request: FileRequest): FileAnswer {
  const { size } = file;
  const etag = entityTag(file);
  // Without its milliseconds, which the header cannot tell.
  const modifiedMs = Math.floor(file.mtimeMs / 1000) * 1000;
  const lastModified = new Date(modifiedMs).toUTCString();
  const headers = { "accept-ranges": "bytes", "cache-control": "no-cache", etag, "last-modified": lastModified };

  if (isUnchanged(request, etag, modifiedMs)) return { status: 304, headers, start: 0, end: 0 };
  const whole = { status: 200, headers: { ...headers, "content-length": size }, start: 0, end: 0 } as const;
  if (request.method === "HEAD") return whole;
  const mayBePart = request.ifRange === undefined || request.ifRange === etag || request.ifRange === lastModified;
  const range = mayBePart && request.range !== undefined ? parseRange(request.range, size) : undefined;
  if (range === undefined) return { ...whole, end: size };
  if (range === "unsatisfiable") {
    return { status: 416, headers: { "content-range": `bytes */${size}`, "content-length": 0 }, start: 0, end: 0 };
  }
  const { start, end } = range;
  const partHeaders = { "content-range": `bytes ${start}-${end - 1}/${size}`, "content-length": end - start };
  return { status: 206, headers: { ...headers, ...partHeaders }, start, end };
}

/** Strong, and the same on every server that has the same copy. */
function entityTag({ size, mtimeMs }: ServedFile): string {
  return `"${size.toString(16)}-${Math.floor(mtimeMs).toString(16)}"`;
}

function isUnchanged({ ifNoneMatch, ifModifiedSince }: FileRequest, etag: string, modifiedMs: number): boolean {
  if (ifNoneMatch !== undefined) {
    const tags = ifNoneMatch.split(",").map((tag) => tag.trim().replace(/^W\//, ""));
    return tags.includes(etag) || tags.includes("*");
  }
  return ifModifiedSince !== undefined && modifiedMs <= Date.parse(ifModifiedSince);
}

/** @returns `undefined` for what is not one range of bytes: then the header counts as not there */
function parseRange(text: string, size: number): { start: number; end: number } | "unsatisfiable" | undefined {
  const match = /^bytes=\s*(\d*)-(\d*)\s*$/i.exec(text);
  if (match === null) return undefined;
  const [first, last] = [match[1] ?? "", match[2] ?? ""];
  if (first === "") {
    if (last === "") return undefined;
    const length = Math.min(Number(last), size);
    return length === 0 ? "unsatisfiable" : { start: size - length, end: size };
  }
  const start = Number(first);
  const end = last === "" ? size : Math.min(Number(last) + 1, size);
  if (last !== "" && Number(last) < start) return undefined;
  return start >= size ? "unsatisfiable" : { start, end };
}
