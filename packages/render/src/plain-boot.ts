import type { NetBoot } from "@railhead/provisioning";
import { type Ipv4Address, type MacAddress, macHyphens } from "@railhead/wire";

export type LoaderConfigErrorCode = "loader-unknown-variable" | "loader-line-break" | "loader-unsupported";

/** A profile says something that this boot loader cannot be told. */
export class LoaderConfigError extends Error {
  override readonly name = "LoaderConfigError";
  readonly code: LoaderConfigErrorCode;
  readonly hint = "profiles are written for iPXE; other loaders know less, see docs/configuration.md";

  constructor(code: LoaderConfigErrorCode, message: string) {
    super(message);
    this.code = code;
  }
}

/** What the server knows of the machine, in place of what iPXE would know. */
export interface LoaderFacts {
  /** Where a path of the profile leads to: `10.77.0.1` and 8080. */
  readonly server: { readonly address: Ipv4Address; readonly httpPort: number };
  readonly mac: MacAddress;
  readonly address?: Ipv4Address | undefined;
  readonly hostname?: string | undefined;
  readonly uuid?: string | undefined;
  readonly serial?: string | undefined;
}

/** A profile without what only iPXE understands. A location is a URL, or a path on this server that begins with `/`. */
export interface PlainBoot {
  readonly kernel: string;
  readonly initrd: readonly string[];
  /** Words; one with blanks has them in double quotes, as the kernel wants them. */
  readonly args: readonly string[];
}

/**
 * Reads a profile as iPXE would: `${...}` expanded, options such as `--name main` taken off the images, and with them
 * the arguments `initrd=main`, which tell the kernel of iPXE's images and would name files of ours to other loaders.
 *
 * @throws LoaderConfigError for a variable that only the machine itself could tell, and for line breaks
 */
export function plainBoot(boot: NetBoot, facts: LoaderFacts): PlainBoot {
  const initrd = boot.initrd.map((line) => imageOf(expand(line, facts), facts));
  const names = new Set(initrd.map(({ name }) => `initrd=${name}`));
  return {
    kernel: imageOf(expand(boot.kernel, facts), facts).location,
    initrd: initrd.map(({ location }) => location),
    args: boot.args.flatMap((arg) => wordsOf(expand(arg, facts))).filter((word) => !names.has(word)),
  };
}

function expand(text: string, facts: LoaderFacts): string {
  if (/[\r\n\0]/.test(text)) {
    throw new LoaderConfigError("loader-line-break", `line break or NUL in ${JSON.stringify(text)}`);
  }
  return text.replaceAll(/\$\{([^}]*)\}/g, (whole, setting: string) => {
    const value = valueOf(setting, facts);
    if (value !== undefined) return value;
    throw new LoaderConfigError("loader-unknown-variable", `${whole} is known to iPXE only`);
  });
}

/** The value of one of iPXE's settings, `net0/mac:hexhyp`, in the types that make sense for it. */
function valueOf(setting: string, facts: LoaderFacts): string | undefined {
  const [, name, type = ""] = /^(?:net[0X]\/)?([a-z-]+)(?::([a-z0-9]+))?$/.exec(setting) ?? [];
  if (name === "mac") {
    switch (type) {
      case "":
      case "hex":
        return facts.mac;
      case "hexhyp":
        return macHyphens(facts.mac);
      case "hexraw":
        return facts.mac.replaceAll(":", "");
      default:
        return undefined;
    }
  }
  const text = textOf(name, facts);
  if (type === "uristring") return text === undefined ? undefined : encodeURIComponent(text);
  return ["", "string", "ipv4", "uuid"].includes(type) ? text : undefined;
}

function textOf(name: string | undefined, facts: LoaderFacts): string | undefined {
  switch (name) {
    case "ip":
      return facts.address;
    case "next-server":
      return facts.server.address;
    case "hostname":
      return facts.hostname;
    case "uuid":
      return facts.uuid;
    case "serial":
      return facts.serial;
    default:
      return undefined;
  }
}

/** `--name main /assets/live.img` is that location, called `main`; otherwise an image is called as its file is. */
function imageOf(line: string, { server }: LoaderFacts): { readonly name: string; readonly location: string } {
  const words = wordsOf(line);
  let name: string | undefined;
  let at = 0;
  for (; words[at]?.startsWith("-") === true; at += 1) {
    const [option, value] = words[at]?.split("=", 2) ?? [];
    if (option !== "--name" && option !== "-n") {
      throw new LoaderConfigError("loader-unsupported", `${words[at]} is an option of iPXE only`);
    }
    if (value === undefined) at += 1;
    name = value ?? words[at];
  }
  const ours = `http://${server.address}:${server.httpPort}/`;
  const url = words[at]?.replace(ours, "/");
  if (url === undefined) throw new LoaderConfigError("loader-unsupported", `no file in ${JSON.stringify(line)}`);
  const location = /^[a-z]+:/.test(url) || url.startsWith("/") ? url : `/${url}`;
  return { name: name ?? location.replace(/^.*\//, ""), location };
}

/** Splits at blanks, but not at those in double quotes. */
function wordsOf(text: string): readonly string[] {
  return text.match(/(?:[^\s"]|"[^"]*"?)+/g) ?? [];
}
