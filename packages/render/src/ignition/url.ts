/** The scheme of a URL in lower case, "" for a relative one. */
export interface ParsedUrl {
  readonly scheme: string;
}

const SCHEME = /^([A-Za-z][A-Za-z0-9+.-]*):/;
const BAD_ESCAPE = /%(?![0-9A-Fa-f]{2})/;
const USER_INFO = /^[A-Za-z0-9\-._:~!$&'()*+,;=%@]*$/;
/** What Go takes in a host name: much; of escapes only those of bytes beyond ASCII. */
const HOST_CHARACTER = "(?:[A-Za-z0-9\\-_.~!$&'()*+,;=[\\]<>\"]|[^\\u0000-\\u007f]|%[89A-Fa-f][0-9A-Fa-f])";
/** `[v6]`, with or without a port, or a name whose last colon is a port's. */
const HOST = new RegExp(
  `^(?:\\[(?:${HOST_CHARACTER}|:)*\\](?::[0-9]*)?|(?!\\[)(?:(?:${HOST_CHARACTER}|:)*:[0-9]*|${HOST_CHARACTER}*))$`,
  "u",
);

/**
 * Reads a URL as leniently as Ignition does (Go's net/url), which takes much that WHATWG's parser refuses.
 *
 * @returns undefined when it is no URL.
 */
export function parseUrl(url: string): ParsedUrl | undefined {
  // oxlint-disable-next-line eslint/no-control-regex -- control characters are what is looked for
  if (/[\u0000-\u001f\u007f]/.test(url)) return undefined;
  const hash = url.indexOf("#");
  const whole = hash < 0 ? url : url.slice(0, hash);
  if (hash >= 0 && BAD_ESCAPE.test(url.slice(hash + 1))) return undefined;
  const scheme = SCHEME.exec(whole)?.[1];
  const rest = (scheme === undefined ? whole : whole.slice(scheme.length + 1)).split("?", 1).join("");
  if (scheme !== undefined && !rest.startsWith("/")) return { scheme: scheme.toLowerCase() };
  if (scheme === undefined && (rest.split("/", 1)[0] ?? "").includes(":")) return undefined;
  if (BAD_ESCAPE.test(rest)) return undefined;
  if (rest.startsWith("//")) {
    const authority = rest.slice(2).split("/", 1).join("");
    const at = authority.lastIndexOf("@");
    if (!USER_INFO.test(authority.slice(0, Math.max(at, 0))) || !HOST.test(authority.slice(at + 1))) return undefined;
  }
  return { scheme: scheme?.toLowerCase() ?? "" };
}

const TOKEN = "[A-Za-z0-9!#$%&'*+.^_`{|}~-]+";
const TOP_LEVEL_TYPE = "(?:application|audio|image|message|multipart|text|video|x-)";
const MEDIA_TYPE = new RegExp(`^${TOP_LEVEL_TYPE}(?:${TOKEN})?/(?:${TOKEN})?$`);
const PARAMETER = new RegExp(`^${TOKEN}=(?:${TOKEN}|"(?:[^"\\\\]|\\\\.)*")$`);

/**
 * Checks a `data:` URL (RFC 2397) as strictly as Ignition does.
 *
 * @returns what is wrong, or undefined.
 */
export function dataUrlProblem(url: string): string | undefined {
  if (!url.startsWith("data:")) return "missing data prefix";
  const comma = url.indexOf(",");
  if (comma < 0) return "missing comma before data";
  const [mediaType = "", ...parameters] = url.slice("data:".length, comma).split(";");
  if (mediaType !== "" && !MEDIA_TYPE.test(mediaType)) return "invalid character for media type";
  const isBase64 = parameters.at(-1) === "base64";
  for (const parameter of isBase64 ? parameters.slice(0, -1) : parameters) {
    if (!PARAMETER.test(parameter)) return `expected base64, got ${parameter}`;
  }
  return isBase64 ? base64Problem(url.slice(comma + 1)) : plainDataProblem(url.slice(comma + 1));
}

function base64Problem(data: string): string | undefined {
  if (/[^A-Za-z0-9+/=]/.test(data)) return "invalid data character";
  const complete = data.length % 4 === 0 && /^[^=]*={0,2}$/.test(data);
  return complete ? undefined : "illegal base64 data";
}

function plainDataProblem(data: string): string | undefined {
  if (BAD_ESCAPE.test(data)) return "invalid escape sequence in data";
  return /[^A-Za-z0-9;/?:@&=+$,_.!~*'()%-]/.test(data) ? "invalid data character" : undefined;
}
