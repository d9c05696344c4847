import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { validateIgnition } from "./validate.ts";

/**
 * The judge: Ignition's own validator (Debian package `ignition`, 2.14, spec up to 3.3.0). Without it these tests are
 * skipped, and reported as skipped.
 */
const VALIDATOR = "/usr/bin/ignition-validate";
const withoutValidator = !existsSync(VALIDATOR);
if (withoutValidator && process.env["RAILHEAD_REQUIRE_ALL"] !== undefined) {
  throw new Error(`these tests need ${VALIDATOR} (Debian package ignition)`);
}

type Verdict = "good" | "bad" | { readonly stricter: string };
type Case = readonly [name: string, verdict: Verdict, body: object, version?: string];

const typo = { stricter: "an unknown key is a mistake, which Ignition only warns about" };
const later = { stricter: "a key of a later spec would be ignored" };
const emptyLink = { stricter: "a link to nothing fails on the machine; Ignition says so from spec 3.3 on" };
const noSource = { stricter: "nothing to fetch: Ignition says so from spec 3.1 on" };
const overwritten = { stricter: "newer Ignition refuses it: the unit and the file would overwrite each other" };
const fileAsParent = { stricter: "newer Ignition refuses it: a file cannot hold files" };

const sha512 = `sha512-${"0a".repeat(64)}`;
const sha256 = `sha256-${"0A".repeat(32)}`;
const file = (fields: object) => ({ storage: { files: [{ path: "/a", ...fields }] } });
const source = (url: string) => file({ contents: { source: url } });
const storage = (fields: object) => ({ storage: fields });
const partitions = (...list: object[]) => storage({ disks: [{ device: "/dev/sda", partitions: list }] });
const filesystem = (fields: object) => storage({ filesystems: [{ device: "/dev/sda1", ...fields }] });
const raid = (fields: object) =>
  storage({ raid: [{ name: "md", level: "raid1", devices: ["/dev/a", "/dev/b"], ...fields }] });
const luks = (fields: object) => storage({ luks: [{ name: "x", device: "/dev/a", ...fields }] });
const clevis = (fields: object) => luks({ clevis: fields });
const tang = (fields: object) => clevis({ tang: [{ url: "http://t", thumbprint: "x", ...fields }] });
const unit = (fields: object) => ({ systemd: { units: [{ name: "a.service", ...fields }] } });
const dropin = (fields: object) => unit({ dropins: [{ name: "a.conf", ...fields }] });
const ignition = (fields: object) => ({ ignition: fields });
const user = (fields: object) => ({ passwd: { users: [{ name: "core", ...fields }] } });

const CASES: readonly Case[] = [
  ["nothing but a version", "good", {}],
  ["nothing but version 3.0.0", "good", {}, "3.0.0"],
  ["nothing but version 3.1.0", "good", {}, "3.1.0"],
  ["nothing but version 3.2.0", "good", {}, "3.2.0"],
  ["an unknown version", "bad", {}, "3.9.0"],
  ["a version that is none", "bad", {}, "3.3"],
  ["spec 2", "bad", {}, "2.2.0"],
  ["a Butane config", "bad", { variant: "fcos", version: "1.4.0", ignition: {} }, ""],
  ["an unknown section", typo, { packages: {} }],
  ["an unknown key deep inside", typo, file({ permissions: 420 })],
  ["a key in another case", typo, { Storage: {} }],
  ["a section of a later spec", later, { kernelArguments: { shouldExist: ["a"] } }, "3.2.0"],
  ["a field of a later spec", later, user({ shouldExist: false }), "3.0.0"],
  ["nulls for sections and lists", "good", { storage: null, systemd: { units: null } }],
  ["null for a field", "good", file({ mode: null, contents: null })],
  ["null in a list of texts", { stricter: "null is no text; Ignition reads it as empty" }, user({ groups: [null] })],
  ["text for a number", "bad", file({ mode: "0644" })],
  ["a fraction for a number", "bad", file({ mode: 1.5 })],
  ["text for a truth value", "bad", file({ overwrite: "true" })],
  ["a number for text", "bad", { storage: { files: [{ path: 5 }] } }],
  ["an object for a list", "bad", storage({ files: {} })],
  ["a list for an object", "bad", { storage: [] }],

  [
    "a file with everything",
    "good",
    file({
      mode: 0o644,
      overwrite: true,
      user: { id: 0 },
      group: { name: "adm" },
      contents: { source: "data:,x" },
      append: [{ source: "http://h/y" }],
    }),
  ],
  ["no path", "bad", storage({ files: [{}] })],
  ["a relative path", "bad", storage({ files: [{ path: "etc/motd" }] })],
  ["a path with ..", "bad", storage({ files: [{ path: "/etc/../motd" }] })],
  ["a path that ends in a slash", "bad", storage({ directories: [{ path: "/opt/" }] })],
  ["the root directory", "good", storage({ directories: [{ path: "/" }] })],
  ["two files of one path", "bad", storage({ files: [{ path: "/a" }, { path: "/a" }] })],
  ["a file and a directory of one path", "bad", storage({ files: [{ path: "/a" }], directories: [{ path: "/a" }] })],
  ["a file under a link", "bad", storage({ links: [{ path: "/l", target: "/m" }], files: [{ path: "/l/x/y" }] })],
  [
    "a link under a link",
    "bad",
    storage({
      links: [
        { path: "/l", target: "/m" },
        { path: "/l/k", target: "/m" },
      ],
    }),
  ],
  ["a file beside a link", "good", storage({ links: [{ path: "/l", target: "/m" }], files: [{ path: "/lx" }] })],
  ["a file under a file", fileAsParent, storage({ files: [{ path: "/a" }, { path: "/a/b" }] })],
  ["mode 07777", "good", file({ mode: 0o7777 })],
  ["mode 010000", "bad", file({ mode: 0o10000 })],
  ["a negative mode", "bad", storage({ directories: [{ path: "/a", mode: -1 }] })],
  ["owner by id and name", "bad", file({ user: { id: 1, name: "core" } })],
  ["overwrite without a source", "bad", file({ overwrite: true })],
  ["overwrite with an empty source", "good", file({ overwrite: true, contents: { source: "" } })],
  ["a link without target", "bad", storage({ links: [{ path: "/l" }] })],
  ["a link without target in 3.0", emptyLink, storage({ links: [{ path: "/l" }] }), "3.0.0"],
  [
    "a hard link to a declared directory",
    "bad",
    storage({ directories: [{ path: "/d" }], links: [{ path: "/l", target: "/d", hard: true }] }),
  ],
  [
    "a symbolic link to a declared directory",
    "good",
    storage({ directories: [{ path: "/d" }], links: [{ path: "/l", target: "/d" }] }),
  ],

  ["a sha512 sum", "good", file({ contents: { source: "http://h/", verification: { hash: sha512 } } })],
  ["a sha256 sum", "good", file({ contents: { source: "http://h/", verification: { hash: sha256 } } })],
  ["a sha256 sum in 3.0", "bad", file({ contents: { source: "http://h/", verification: { hash: sha256 } } }), "3.0.0"],
  ["a sum that is too short", "bad", file({ contents: { source: "http://h/", verification: { hash: "sha512-00" } } })],
  [
    "a sum of the right length that is no number",
    { stricter: "a sum that is no number matches nothing" },
    file({ contents: { source: "http://h/", verification: { hash: `sha512-${"z".repeat(128)}` } } }),
  ],
  ["an unknown hash", "bad", file({ contents: { source: "http://h/", verification: { hash: "md5-00" } } })],
  ["a sum without a source", "bad", file({ contents: { verification: { hash: sha512 } } })],
  ["gzip", "good", file({ contents: { source: "data:,", compression: "gzip" } })],
  ["an unknown compression", "bad", file({ contents: { source: "data:,", compression: "xz" } })],
  ["ftp", "bad", source("ftp://h/x")],
  ["tftp", "good", source("tftp://h/x")],
  ["s3", "good", source("s3://b/k")],
  ["gs", "good", source("gs://b/k")],
  ["gs before 3.2", "bad", source("gs://b/k"), "3.1.0"],
  ["arn before 3.4", "bad", source("arn:aws:s3:::b/k")],
  ["a local path as source", "bad", source("/etc/motd")],
  [
    "headers on http",
    "good",
    file({
      contents: {
        source: "http://h/",
        httpHeaders: [
          { name: "A", value: "b" },
          { name: "B", value: null },
        ],
      },
    }),
  ],
  ["headers on data", "bad", file({ contents: { source: "data:,", httpHeaders: [{ name: "A", value: "b" }] } })],
  ["headers without a source", "bad", file({ contents: { httpHeaders: [{ name: "A", value: "b" }] } })],
  ["a header without name", "bad", file({ contents: { source: "http://h/", httpHeaders: [{ value: "b" }] } })],
  ["an empty header", "bad", file({ contents: { source: "http://h/", httpHeaders: [{ name: "A", value: "" }] } })],
  [
    "one header twice",
    "bad",
    file({
      contents: {
        source: "http://h/",
        httpHeaders: [
          { name: "A", value: "b" },
          { name: "A", value: "c" },
        ],
      },
    }),
  ],

  [
    "merge and replace",
    "good",
    ignition({ config: { merge: [{ source: "http://a" }], replace: { source: "http://b" } } }),
  ],
  ["merge of nothing", "bad", ignition({ config: { merge: [{}] } })],
  ["merge of nothing in 3.0", noSource, ignition({ config: { merge: [{}] } }), "3.0.0"],
  ["one config merged twice", "bad", ignition({ config: { merge: [{ source: "http://a" }, { source: "http://a" }] } })],
  ["a certificate authority without source", "bad", ignition({ security: { tls: { certificateAuthorities: [{}] } } })],
  ["a proxy", "good", ignition({ proxy: { httpProxy: "http://p:3128", httpsProxy: "http://p:3128", noProxy: ["a"] } })],
  ["a proxy of another scheme", "bad", ignition({ proxy: { httpsProxy: "socks5://p" } })],
  ["a proxy that is no URL", "bad", ignition({ proxy: { httpProxy: "::" } })],
  ["timeouts", "good", ignition({ timeouts: { httpTotal: 30, httpResponseHeaders: 10 } })],

  [
    "a user with everything",
    "good",
    user({
      uid: 500,
      gecos: "c",
      groups: ["a", "b"],
      homeDir: "/h",
      noCreateHome: true,
      noLogInit: true,
      noUserGroup: true,
      passwordHash: "x",
      primaryGroup: "g",
      shell: "/bin/sh",
      shouldExist: true,
      sshAuthorizedKeys: ["k"],
      system: true,
    }),
  ],
  ["one user twice", "bad", { passwd: { users: [{ name: "a" }, { name: "a" }] } }],
  ["one group twice", "bad", { passwd: { groups: [{ name: "a" }, { name: "a", gid: 5 }] } }],
  ["one key twice", "bad", user({ sshAuthorizedKeys: ["k", "k"] })],
  ["an argument twice", "bad", { kernelArguments: { shouldExist: ["a", "a"] } }],
  ["an argument wanted and unwanted", "bad", { kernelArguments: { shouldExist: ["a"], shouldNotExist: ["a"] } }],
  ["arguments", "good", { kernelArguments: { shouldExist: ["a"], shouldNotExist: ["b"] } }],

  [
    "partitions",
    "good",
    partitions(
      { number: 1, label: "a", sizeMiB: 10, startMiB: 1 },
      { number: 2, sizeMiB: 10, startMiB: 11 },
      { label: "root" },
    ),
  ],
  ["a disk without device", "bad", storage({ disks: [{}] })],
  ["one disk twice", "bad", storage({ disks: [{ device: "/dev/a" }, { device: "/dev/a" }] })],
  ["a partition without number and label", "bad", partitions({})],
  ["one partition number twice", "bad", partitions({ number: 1 }, { number: 1, label: "b" })],
  ["one partition label twice", "bad", partitions({ number: 1, label: "a" }, { number: 2, label: "a" })],
  [
    "overlapping partitions",
    "bad",
    partitions({ number: 1, startMiB: 1, sizeMiB: 10 }, { number: 2, startMiB: 10, sizeMiB: 1 }),
  ],
  [
    "a partition inside another",
    "bad",
    partitions({ number: 1, startMiB: 5, sizeMiB: 1 }, { number: 2, startMiB: 1, sizeMiB: 100 }),
  ],
  [
    "partitions placed by the tool",
    "good",
    partitions({ number: 1, startMiB: 0, sizeMiB: 10 }, { number: 2, startMiB: 0, sizeMiB: 10 }),
  ],
  [
    "an open-ended partition before another",
    "good",
    partitions({ number: 1, startMiB: 1, sizeMiB: 0 }, { number: 2, startMiB: 5, sizeMiB: 5 }),
  ],
  ["a label with a colon", "bad", partitions({ number: 1, label: "a:b" })],
  ["a label of 36 characters", "good", partitions({ number: 1, label: "x".repeat(36) })],
  ["a label of 37 characters", "bad", partitions({ number: 1, label: "x".repeat(37) })],
  ["a GUID", "good", partitions({ number: 1, typeGuid: "4F68BCE3-E8CD-4DB1-96E7-FBCAF984B709" })],
  ["a GUID of another form", "bad", partitions({ number: 1, guid: "4F68BCE3" })],
  ["a partition to remove", "good", partitions({ number: 1, shouldExist: false, wipePartitionEntry: true })],
  ["a partition to remove with a size", "bad", partitions({ number: 1, shouldExist: false, sizeMiB: 5 })],
  [
    "a partition to remove beside an unnumbered one",
    "bad",
    partitions({ number: 1, shouldExist: false }, { label: "a" }),
  ],

  [
    "a filesystem",
    "good",
    filesystem({
      format: "ext4",
      label: "data",
      path: "/data",
      options: ["-F", "-F"],
      mountOptions: ["ro"],
      uuid: "x",
      wipeFilesystem: true,
    }),
  ],
  ["a filesystem without device", "bad", storage({ filesystems: [{ format: "ext4" }] })],
  ["an unknown format", "bad", filesystem({ format: "zfs" })],
  ["format none", "good", filesystem({ format: "none" })],
  ["format none before 3.3", "bad", filesystem({ format: "none" }), "3.2.0"],
  ["a mount path without format", "bad", filesystem({ path: "/data" })],
  ["wipe without format", "bad", filesystem({ wipeFilesystem: true })],
  ["options without format", "bad", filesystem({ options: ["-F"] })],
  ["a bare filesystem", "good", filesystem({ wipeFilesystem: false, options: [] })],
  ["a relative mount path", "bad", filesystem({ format: "xfs", path: "data" })],
  ["an ext4 label of 17", "bad", filesystem({ format: "ext4", label: "x".repeat(17) })],
  ["a vfat label of 12", "bad", filesystem({ format: "vfat", label: "x".repeat(12) })],
  ["an xfs label of 12", "good", filesystem({ format: "xfs", label: "x".repeat(12) })],
  ["a btrfs label of 257", "bad", filesystem({ format: "btrfs", label: "x".repeat(257) })],
  ["a swap label of 16", "bad", filesystem({ format: "swap", label: "x".repeat(16) })],

  ["raid 1", "good", raid({ spares: 1, options: ["-a", "-a"] })],
  ["a raid without level", "bad", raid({ level: "" })],
  ["an unknown raid level", "bad", raid({ level: "raid7" })],
  ["a striped raid with spares", "bad", raid({ level: "stripe", spares: 1 })],
  ["a raid without devices", "bad", raid({ devices: [] })],
  ["a raid on a relative device", "bad", raid({ devices: ["sda"] })],
  ["a raid on one device twice", "bad", raid({ devices: ["/dev/a", "/dev/a"] })],

  ["luks by tpm2", "good", clevis({ tpm2: true, threshold: 1 })],
  [
    "luks by a key file",
    "good",
    luks({ keyFile: { source: "data:,x" }, label: "x".repeat(47), options: ["--a", "--a"] }),
  ],
  ["luks without device", "bad", luks({ device: "" })],
  ["a luks name with a slash", "bad", luks({ name: "a/b" })],
  ["a luks label of 48", "bad", luks({ label: "x".repeat(48) })],
  ["tang", "good", tang({})],
  ["tang without thumbprint", "bad", tang({ thumbprint: "" })],
  ["tang by another scheme", "bad", tang({ url: "ftp://t" })],
  ["a custom pin", "good", clevis({ custom: { pin: "sss", config: "{}", needsNetwork: true } })],
  ["an unknown custom pin", "bad", clevis({ custom: { pin: "yubikey", config: "{}" } })],
  ["a custom pin without config", "bad", clevis({ custom: { pin: "sss" } })],
  ["a custom pin beside tpm2", "bad", clevis({ custom: { pin: "sss", config: "{}" }, tpm2: true })],
  ["an empty custom pin beside tpm2", "good", clevis({ custom: {}, tpm2: true })],

  [
    "a unit",
    "good",
    unit({ contents: "[Service]\nExecStart=/bin/true\n[Install]\nWantedBy=multi-user.target\n", enabled: true }),
  ],
  ["an enabled unit without [Install]", "good", unit({ contents: "[Service]\nExecStart=/bin/true\n", enabled: true })],
  ["a unit without suffix", "bad", unit({ name: "a" })],
  ["a unit of another suffix", "bad", unit({ name: "a.network" })],
  ["one unit twice", "bad", { systemd: { units: [{ name: "a.path" }, { name: "a.path" }] } }],
  ["a drop-in", "good", dropin({ contents: "[Service]\nUser=core\n" })],
  ["a drop-in that is no .conf", "bad", dropin({ name: "a" })],
  ["one drop-in twice", "bad", unit({ dropins: [{ name: "a.conf" }, { name: "a.conf" }] })],
  ["an unfinished drop-in", "bad", dropin({ contents: "[Service" })],
  [
    "a file where a unit goes",
    overwritten,
    { ...unit({ contents: "[Unit]" }), ...storage({ files: [{ path: "/etc/systemd/system/a.service" }] }) },
  ],
  [
    "a file where a unit without contents goes",
    "good",
    { ...unit({}), ...storage({ files: [{ path: "/etc/systemd/system/a.service" }] }) },
  ],
];

function document(body: object, version = "3.3.0"): object {
  const ignition = "ignition" in body && typeof body.ignition === "object" ? body.ignition : {};
  return { ...body, ignition: { ...ignition, version } };
}

function judge(config: unknown): { readonly accepted: boolean; readonly errorPaths: readonly string[] } {
  const { status, stdout, stderr } = spawnSync(VALIDATOR, ["-"], { input: JSON.stringify(config), encoding: "utf8" });
  const errors = `${stdout}${stderr}`.matchAll(/^error at (\$\S*), line/gm);
  return {
    accepted: status === 0,
    errorPaths: [...errors].map(([, path = ""]) => path.replaceAll(/\.(\d+)/g, "[$1]")),
  };
}

describe.skipIf(withoutValidator)("the verdict is that of Ignition's own validator", () => {
  test.each(CASES.map(([name, ...rest]) => ({ name, rest })))("$name", ({ rest: [verdict, body, version] }) => {
    const config = document(body, version);
    expect(judge(config).accepted).toBe(verdict !== "bad");
    expect(validateIgnition(config).config !== undefined).toBe(verdict === "good");
  });
});

/** Puts many values into one config, and names those that only one of the two refuses. */
function disagreements(values: readonly unknown[], place: RegExp, body: () => object): readonly unknown[] {
  const config = document({ ...body() });
  const errors = validateIgnition(config).problems.filter(({ kind }) => kind === "error");
  const indexes = (paths: readonly string[]) => new Set(paths.map((path) => Number(place.exec(path)?.[1] ?? -1)));
  const ours = indexes(errors.map(({ path }) => path));
  const theirs = indexes(judge(config).errorPaths);
  return values.flatMap((value, index) =>
    ours.has(index) === theirs.has(index) ? [] : [{ value, weRefuse: ours.has(index) }],
  );
}

const SAMPLE = { seed: 20_261_120, numRuns: 1000 };

function joined(pieces: readonly string[], maxLength: number): fc.Arbitrary<string> {
  const parts = fc.array(fc.constantFrom(...pieces), { minLength: 1, maxLength, size: "max" });
  return parts.map((list) => list.join(""));
}

describe.skipIf(withoutValidator)("random values are refused where Ignition refuses them", () => {
  test("URLs", () => {
    const urls = fc.sample(
      joined(
        [
          "http",
          "http://",
          "s3",
          "ftp",
          ":",
          "//",
          "/",
          "@",
          "[",
          "]",
          "::1",
          "%41",
          "%zz",
          "%",
          "#",
          "?",
          " ",
          "a",
          "80",
          "ü",
          "\\",
          '"',
          ".",
        ],
        8,
      ),
      SAMPLE,
    );
    const body = () => storage({ files: urls.map((url, index) => ({ path: `/${index}`, contents: { source: url } })) });
    expect(disagreements(urls, /files\[(\d+)\]/, body)).toEqual([]);
  });

  test("data URLs", () => {
    const urls = fc.sample(
      joined(
        [
          ",",
          ",",
          ";",
          "base64",
          ";base64,",
          "text/plain",
          "a=b",
          "=",
          "AAAA",
          "AA==",
          "%41",
          "%4",
          "#",
          "+",
          "/",
          "'",
          '"',
          "<",
          "é",
        ],
        6,
      ),
      SAMPLE,
    );
    const body = () =>
      storage({ files: urls.map((url, index) => ({ path: `/${index}`, contents: { source: `data:${url}` } })) });
    expect(disagreements(urls, /files\[(\d+)\]/, body)).toEqual([]);
  });

  test("paths", () => {
    const paths = [...new Set(fc.sample(joined(["/", "/", "a", "b", ".", "..", "é", " ", "\\"], 8), SAMPLE))];
    const body = () => storage({ directories: paths.map((path) => ({ path })) });
    expect(disagreements(paths, /directories\[(\d+)\]/, body)).toEqual([]);
  });

  test("unit texts", () => {
    const texts = fc.sample(
      joined(
        ["[", "]", "[Unit]\n", "A", "=", "\n", "\r\n", "\\", "\\\n", "#", ";", " ", "k=v\n", "é", "\t", "\u00a0"],
        12,
      ),
      SAMPLE,
    );
    const body = () => ({
      systemd: { units: texts.map((contents, index) => ({ name: `u${index}.service`, contents })) },
    });
    expect(disagreements(texts, /units\[(\d+)\]/, body)).toEqual([]);
  });

  test("partition tables", () => {
    const small = fc.integer({ min: 0, max: 12 });
    const partition = fc.record(
      {
        number: fc.integer({ min: 0, max: 30 }),
        label: fc.constantFrom("a", "b", "c", "d", "e", "f", "d:e", ""),
        startMiB: fc.integer({ min: 0, max: 60 }),
        sizeMiB: small,
        shouldExist: fc.constantFrom(true, true, true, false),
      },
      { requiredKeys: [] },
    );
    const tables = fc.sample(fc.array(partition, { maxLength: 4, size: "max" }), SAMPLE);
    const body = () => storage({ disks: tables.map((list, index) => ({ device: `/dev/${index}`, partitions: list })) });
    expect(disagreements(tables, /disks\[(\d+)\]/, body)).toEqual([]);
  });
});
