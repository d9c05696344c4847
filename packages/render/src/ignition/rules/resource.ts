import { isAtLeast, type SpecVersion } from "../spec-version.ts";
import { dataUrlProblem, parseUrl } from "../url.ts";
import { child, children, items, type Report, text, type View } from "../view.ts";

const SCHEMES: Readonly<Record<string, SpecVersion>> = {
  http: "3.0.0",
  https: "3.0.0",
  tftp: "3.0.0",
  s3: "3.0.0",
  data: "3.0.0",
  gs: "3.2.0",
  arn: "3.4.0",
};

const DIGEST_HEX_DIGITS: Readonly<Record<string, { readonly digits: number; readonly since: SpecVersion }>> = {
  sha512: { digits: 128, since: "3.0.0" },
  sha256: { digits: 64, since: "3.1.0" },
};

/** A resource that a config cannot do without. */
export function checkReference(reference: View, report: Report): void {
  if ((text(reference, "source") ?? "") === "") report.error(reference, [], "source is required");
  checkResource(reference, report);
}

export function checkResource(resource: View, report: Report): void {
  const source = text(resource, "source");
  if (source !== undefined && source !== "") {
    const problem = sourceProblem(source, resource.version);
    if (problem !== undefined) report.error(resource, ["source"], problem);
  }
  const compression = text(resource, "compression") ?? "";
  if (compression !== "" && compression !== "gzip") {
    report.error(resource, ["compression"], "invalid compression method");
  }
  checkVerification(resource, report);
  checkHeaders(resource, report);
}

function sourceProblem(source: string, version: SpecVersion): string | undefined {
  const url = parseUrl(source);
  if (url === undefined) return "unable to parse url";
  const since = Object.hasOwn(SCHEMES, url.scheme) ? SCHEMES[url.scheme] : undefined;
  if (since === undefined || !isAtLeast(version, since)) return "invalid url scheme";
  if (url.scheme === "data") return dataUrlProblem(source);
  if (url.scheme === "arn" && !/^arn:[^:]+:s3:[^:]*:[^:]*:.+\/.+$/.test(source)) return "invalid S3 ARN";
  return undefined;
}

function checkVerification(resource: View, report: Report): void {
  const hash = text(child(resource, "verification"), "hash");
  if (hash === undefined) return;
  const place = ["verification", "hash"];
  if (text(resource, "source") === undefined) {
    report.error(resource, place, "source must be specified if verification is specified");
  }
  const dash = hash.indexOf("-");
  const name = hash.slice(0, dash);
  const digest = Object.hasOwn(DIGEST_HEX_DIGITS, name) ? DIGEST_HEX_DIGITS[name] : undefined;
  const sum = hash.slice(dash + 1);
  if (dash < 0) report.error(resource, place, "malformed hash specifier");
  else if (digest === undefined || !isAtLeast(resource.version, digest.since)) {
    report.error(resource, place, "unrecognized hash function");
  } else if (sum.length !== digest.digits) report.error(resource, place, "incorrect size for hash sum");
  else if (!/^[0-9a-fA-F]*$/.test(sum)) report.error(resource, place, "malformed hash specifier");
}

function checkHeaders(resource: View, report: Report): void {
  if (items(resource, "httpHeaders").length === 0) return;
  const url = parseUrl(text(resource, "source") ?? "");
  if (url === undefined || url.scheme === "") report.error(resource, ["httpHeaders"], "unable to parse url");
  else if (url.scheme !== "http" && url.scheme !== "https") {
    report.error(resource, ["httpHeaders"], "cannot use HTTP headers with this source scheme");
  }
  for (const header of children(resource, "httpHeaders")) {
    if ((text(header, "name") ?? "") === "") report.error(header, ["name"], "HTTP header name can't be empty");
    // Absent (null) removes a header that a parent config set; empty has no meaning.
    if (text(header, "value") === "") report.error(header, ["value"], "unable to parse HTTP header");
  }
}

export function checkProxy(proxy: View, report: Report): void {
  for (const key of ["httpProxy", "httpsProxy"]) {
    const proxyUrl = text(proxy, key);
    if (proxyUrl === undefined) continue;
    const url = parseUrl(proxyUrl);
    if (url === undefined) report.error(proxy, [key], "unable to parse url");
    else if (url.scheme !== "http" && url.scheme !== "https") report.error(proxy, [key], "proxies must be http(s)");
    else if (url.scheme === "http" && key === "httpsProxy") {
      report.warning(proxy, [key], "insecure plaintext HTTP proxy specified for HTTPS resources");
    }
  }
}
