import type { SpecVersion } from "./spec-version.ts";

/**
 * The shape of an Ignition config, every spec in one table: which keys each object has and since which spec.
 * Rules that shapes cannot say live in rules/ and hang on the object names used here.
 */
export type Shape =
  | { readonly kind: "string" | "integer" | "boolean" }
  | { readonly kind: "list"; readonly of: Shape; readonly unique: boolean }
  | { readonly kind: "object"; readonly type: string };

export interface Field {
  readonly shape: Shape;
  readonly since: SpecVersion;
}

const string = since("3.0.0", { kind: "string" });
const integer = since("3.0.0", { kind: "integer" });
const boolean = since("3.0.0", { kind: "boolean" });
/** Strings that a child config adds to: a set, where saying a thing twice is a mistake. */
const stringSet = since("3.0.0", list({ kind: "string" }, true));
/** Command line options: a sequence, where repeating is legitimate. */
const optionList = since("3.0.0", list({ kind: "string" }, false));

export const SCHEMA = {
  config: {
    ignition: object("ignition"),
    kernelArguments: since("3.3.0", object("kernelArguments").shape),
    passwd: object("passwd"),
    storage: object("storage"),
    systemd: object("systemd"),
  },
  ignition: {
    version: string,
    config: object("sources"),
    proxy: since("3.1.0", object("proxy").shape),
    security: object("security"),
    timeouts: object("timeouts"),
  },
  sources: { merge: uniqueObjects("reference"), replace: object("resource") },
  proxy: { httpProxy: string, httpsProxy: string, noProxy: stringSet },
  security: { tls: object("tls") },
  tls: { certificateAuthorities: uniqueObjects("reference") },
  timeouts: { httpResponseHeaders: integer, httpTotal: integer },
  /** Something to fetch. */
  resource: {
    source: string,
    compression: since("3.1.0", string.shape),
    httpHeaders: since("3.1.0", uniqueObjects("httpHeader").shape),
    verification: object("verification"),
  },
  /** Something that must be fetched: a config to merge, a certificate authority. */
  reference: {
    source: string,
    compression: since("3.1.0", string.shape),
    httpHeaders: since("3.1.0", uniqueObjects("httpHeader").shape),
    verification: object("verification"),
  },
  /** What goes into a file; compression is as old as files are. */
  contents: {
    source: string,
    compression: string,
    httpHeaders: since("3.1.0", uniqueObjects("httpHeader").shape),
    verification: object("verification"),
  },
  httpHeader: { name: string, value: string },
  verification: { hash: string },
  passwd: { users: uniqueObjects("user"), groups: uniqueObjects("group") },
  user: {
    name: string,
    gecos: string,
    groups: stringSet,
    homeDir: string,
    noCreateHome: boolean,
    noLogInit: boolean,
    noUserGroup: boolean,
    passwordHash: string,
    primaryGroup: string,
    shell: string,
    shouldExist: since("3.2.0", boolean.shape),
    sshAuthorizedKeys: stringSet,
    system: boolean,
    uid: integer,
  },
  group: {
    name: string,
    gid: integer,
    passwordHash: string,
    shouldExist: since("3.2.0", boolean.shape),
    system: boolean,
  },
  storage: {
    directories: objects("directory"),
    disks: uniqueObjects("disk"),
    files: objects("file"),
    filesystems: uniqueObjects("filesystem"),
    links: objects("link"),
    luks: since("3.2.0", uniqueObjects("luks").shape),
    raid: uniqueObjects("raid"),
  },
  owner: { id: integer, name: string },
  directory: { path: string, overwrite: boolean, user: object("owner"), group: object("owner"), mode: integer },
  file: {
    path: string,
    overwrite: boolean,
    user: object("owner"),
    group: object("owner"),
    mode: integer,
    contents: object("contents"),
    append: objects("contents"),
  },
  link: {
    path: string,
    overwrite: boolean,
    user: object("owner"),
    group: object("owner"),
    hard: boolean,
    target: string,
  },
  disk: { device: string, partitions: uniqueObjects("partition"), wipeTable: boolean },
  partition: {
    guid: string,
    label: string,
    number: integer,
    resize: since("3.2.0", boolean.shape),
    shouldExist: boolean,
    sizeMiB: integer,
    startMiB: integer,
    typeGuid: string,
    wipePartitionEntry: boolean,
  },
  filesystem: {
    device: string,
    format: string,
    label: string,
    mountOptions: since("3.1.0", optionList.shape),
    options: optionList,
    path: string,
    uuid: string,
    wipeFilesystem: boolean,
  },
  raid: { devices: stringSet, level: string, name: string, options: optionList, spares: integer },
  luks: {
    cex: since("3.5.0", object("cex").shape),
    clevis: object("clevis"),
    device: string,
    discard: since("3.4.0", boolean.shape),
    keyFile: object("resource"),
    label: string,
    name: string,
    openOptions: since("3.4.0", optionList.shape),
    options: optionList,
    uuid: string,
    wipeVolume: boolean,
  },
  cex: { enabled: boolean },
  clevis: { custom: object("clevisCustom"), tang: uniqueObjects("tang"), threshold: integer, tpm2: boolean },
  clevisCustom: { config: string, needsNetwork: boolean, pin: string },
  tang: { advertisement: since("3.4.0", string.shape), thumbprint: string, url: string },
  systemd: { units: uniqueObjects("unit") },
  unit: { contents: string, dropins: uniqueObjects("dropin"), enabled: boolean, mask: boolean, name: string },
  dropin: { contents: string, name: string },
  kernelArguments: { shouldExist: stringSet, shouldNotExist: stringSet },
} as const satisfies Readonly<Record<string, Readonly<Record<string, Field>>>>;

export type TypeName = keyof typeof SCHEMA;

export function isTypeName(name: string): name is TypeName {
  return Object.hasOwn(SCHEMA, name);
}

type ValueOf<S> = S extends { readonly kind: "list"; readonly of: infer Item }
  ? readonly ValueOf<Item>[]
  : S extends { readonly kind: "object"; readonly type: infer Name extends TypeName }
    ? IgnitionObject<Name>
    : S extends { readonly kind: infer Kind extends keyof Scalars }
      ? Scalars[Kind]
      : never;

interface Scalars {
  readonly string: string;
  readonly integer: number;
  readonly boolean: boolean;
}

/** One object of a config; Ignition takes `null` for "not given" everywhere. */
export type IgnitionObject<Name extends TypeName> = {
  readonly [Key in keyof (typeof SCHEMA)[Name]]?: (typeof SCHEMA)[Name][Key] extends { readonly shape: infer S }
    ? ValueOf<S> | null
    : never;
};

/** A whole config, spec 3.0.0 to 3.5.0. */
export type IgnitionConfig = IgnitionObject<"config">;

function since<const S extends Shape>(
  version: SpecVersion,
  shape: S,
): { readonly shape: S; readonly since: SpecVersion } {
  return { shape, since: version };
}

function list<const S extends Shape, const U extends boolean>(of: S, unique: U) {
  return { kind: "list", of, unique } as const;
}

function object<const Name extends string>(type: Name) {
  return since("3.0.0", { kind: "object", type });
}

function objects<const Name extends string>(type: Name) {
  return since("3.0.0", list({ kind: "object", type }, false));
}

/** A list whose items have a key (see duplicates.ts) that must not occur twice. */
function uniqueObjects<const Name extends string>(type: Name) {
  return since("3.0.0", list({ kind: "object", type }, true));
}
