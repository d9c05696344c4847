import { describe, expect, test } from "vitest";
import { type ConfigProblem, formatPath } from "./problem.ts";
import { validateIgnition } from "./validate.ts";

const V = { ignition: { version: "3.3.0" } };

function lines(problems: readonly ConfigProblem[]): readonly string[] {
  return problems.map(({ kind, path, message }) => `${kind} ${path} ${message}`);
}

function problemsOf(
  body: { readonly ignition?: object; readonly [section: string]: unknown },
  version = "3.3.0",
): readonly string[] {
  return lines(validateIgnition({ ...body, ignition: { ...body.ignition, version } }).problems);
}

describe("the document as a whole", () => {
  test("a valid document is the config, as it is", () => {
    const document = {
      ...V,
      storage: { files: [{ path: "/etc/motd", mode: 0o644, contents: { source: "data:,hi" } }] },
    };
    expect(validateIgnition(document)).toEqual({ config: document, problems: [] });
  });

  test.each([
    ["nothing", null, "$", "not a config (empty)"],
    ["text", "ignition", "$", "an object was expected, not text"],
    ["a list", [], "$", "an object was expected, not a list"],
    ["no version", {}, "$.ignition.version", "invalid config version (couldn't parse)"],
    [
      "a number as version",
      { ignition: { version: 3.3 } },
      "$.ignition.version",
      "invalid config version (couldn't parse)",
    ],
    [
      "an experimental version",
      { ignition: { version: "3.6.0-experimental" } },
      "$.ignition.version",
      "known are 3.0.0",
    ],
    ["spec 2", { ignition: { version: "2.2.0" } }, "$.ignition.version", "translate the config to spec 3"],
    ["Butane", { variant: "flatcar", version: "1.0.0" }, "$.variant", "this is a Butane config"],
  ])("%s is one error that says what to do", (_, document, path, message) => {
    const { config, problems } = validateIgnition(document);
    expect(config).toBeUndefined();
    expect(problems).toEqual([
      expect.objectContaining({ kind: "error", path, message: expect.stringContaining(message) }),
    ]);
  });

  test("every problem is reported, in document order, not only the first", () => {
    const body = {
      storage: {
        files: [
          { path: "etc/motd", mode: 0o10000, overwrite: true, permission: 1 },
          { path: "/b", mode: "0644" },
        ],
        links: [{ path: "/b/" }],
      },
      systemd: { units: [{ name: "agent", contents: "[Service" }] },
    };
    expect(problemsOf(body)).toEqual([
      "error $.storage.files[0].permission unused key permission",
      "error $.storage.files[0].path path not absolute",
      "error $.storage.files[0].mode illegal file mode",
      "error $.storage.files[0].overwrite overwrite must be false if source is unspecified",
      "error $.storage.files[1].mode a whole number was expected, not text",
      "error $.storage.links[0].path path is not fully simplified",
      "error $.storage.links[0].target link target is required",
      "error $.systemd.units[0].name invalid systemd unit extension",
      "error $.systemd.units[0].contents invalid unit content: unable to find end of section",
    ]);
  });

  test("a place is given for programs too", () => {
    const [problem] = validateIgnition({ ...V, storage: { files: [{ path: "" }] } }).problems;
    expect(problem?.segments).toEqual(["storage", "files", 0, "path"]);
  });

  test("paths quote what is no plain name", () => {
    expect(formatPath(["a", 0, "b c", "__proto__"])).toBe('$.a[0]["b c"].__proto__');
  });

  test("names that every object inherits are unknown keys", () => {
    expect(problemsOf({ constructor: {}, toString: 1 })).toEqual([
      "error $.constructor unused key constructor",
      "error $.toString unused key toString",
    ]);
  });

  test("a problem never shows a value, which may be a secret", () => {
    expect(
      JSON.stringify(problemsOf({ passwd: { users: [{ name: "a", uid: "hunter2", groups: "hunter2" }] } })),
    ).not.toContain("hunter2");
  });
});

describe("keys by spec", () => {
  test.each([
    ["3.0.0", { ignition: { proxy: { httpProxy: "http://p" } } }, "$.ignition.proxy", "3.1.0"],
    [
      "3.0.0",
      { storage: { filesystems: [{ device: "/dev/a", format: "xfs", mountOptions: ["ro"] }] } },
      "$.storage.filesystems[0].mountOptions",
      "3.1.0",
    ],
    ["3.1.0", { storage: { luks: [{ name: "a", device: "/dev/a" }] } }, "$.storage.luks", "3.2.0"],
    ["3.1.0", { passwd: { groups: [{ name: "a", shouldExist: false }] } }, "$.passwd.groups[0].shouldExist", "3.2.0"],
    ["3.2.0", { kernelArguments: {} }, "$.kernelArguments", "3.3.0"],
    [
      "3.3.0",
      { storage: { luks: [{ name: "a", device: "/dev/a", discard: true }] } },
      "$.storage.luks[0].discard",
      "3.4.0",
    ],
    [
      "3.4.0",
      { storage: { luks: [{ name: "a", device: "/dev/a", cex: { enabled: true } }] } },
      "$.storage.luks[0].cex",
      "3.5.0",
    ],
  ])("in spec %s %o has a key that is too new", (version, body, path, needed) => {
    const key = path.split(".").at(-1) ?? "";
    expect(problemsOf(body, version)).toEqual([
      `error ${path} unused key ${key}: it needs spec ${needed}, this is ${version}`,
    ]);
    expect(problemsOf(body, needed)).toEqual([]);
  });
});

const sum = "0".repeat(64);
const file = (fields: object) => ({ storage: { files: [{ path: "/a", ...fields }] } });
const contents = (fields: object) => file({ contents: fields });
const luks = (fields: object) => ({ storage: { luks: [{ name: "x", device: "/dev/a", ...fields }] } });
const unit = (fields: object) => ({ systemd: { units: [{ name: "a.service", ...fields }] } });
const partitions = (...list: object[]) => ({ storage: { disks: [{ device: "/dev/a", partitions: list }] } });
const SPECIAL = "setuid/setgid/sticky bits are not supported or functional in spec versions older than 3.6.0";

describe("rules speak in Ignition's words", () => {
  test.each<[body: Parameters<typeof problemsOf>[0], ...problems: string[]]>([
    [file({ user: { id: 1, name: "a" } }), "error $.storage.files[0].user cannot set both id and name"],
    [file({ mode: 0o4755 }), `warning $.storage.files[0].mode ${SPECIAL}`],
    [{ storage: { files: [{ path: "/a" }, { path: "/a" }] } }, "error $.storage.files[1] duplicate entry defined"],
    [
      { storage: { links: [{ path: "/l", target: "m" }], directories: [{ path: "/l/d" }] } },
      "error $.storage.directories[0] directory path includes link in config",
    ],
    [
      { storage: { directories: [{ path: "/d" }], links: [{ path: "/l", target: "/d", hard: true }] } },
      "error $.storage.links[0] hard link target is a directory",
    ],
    [
      { ...unit({ contents: "[Unit]\nA=b" }), ...file({ path: "/etc/systemd/system/a.service" }) },
      "error $.storage.files[0].path path conflicts with systemd unit or dropin",
    ],
    [contents({ source: "ftp://h" }), "error $.storage.files[0].contents.source invalid url scheme"],
    [contents({ source: "http://[" }), "error $.storage.files[0].contents.source unable to parse url"],
    [contents({ source: "data:x" }), "error $.storage.files[0].contents.source missing comma before data"],
    [
      contents({ source: "data:,", compression: "xz" }),
      "error $.storage.files[0].contents.compression invalid compression method",
    ],
    [
      contents({ verification: { hash: `sha256-${sum}` } }),
      "error $.storage.files[0].contents.verification.hash source must be specified if verification is specified",
    ],
    [
      contents({ source: "data:,", verification: { hash: "x" } }),
      "error $.storage.files[0].contents.verification.hash malformed hash specifier",
    ],
    [
      contents({ source: "data:,", verification: { hash: `md5-${sum}` } }),
      "error $.storage.files[0].contents.verification.hash unrecognized hash function",
    ],
    [
      contents({ source: "data:,", verification: { hash: `sha512-${sum}` } }),
      "error $.storage.files[0].contents.verification.hash incorrect size for hash sum",
    ],
    [
      contents({ source: "data:,", httpHeaders: [{ name: "a", value: "b" }] }),
      "error $.storage.files[0].contents.httpHeaders cannot use HTTP headers with this source scheme",
    ],
    [
      contents({ source: "http://h", httpHeaders: [{ name: "", value: "" }] }),
      "error $.storage.files[0].contents.httpHeaders[0].name HTTP header name can't be empty",
      "error $.storage.files[0].contents.httpHeaders[0].value unable to parse HTTP header",
    ],
    [{ ignition: { config: { merge: [{}] } } }, "error $.ignition.config.merge[0] source is required"],
    [
      { ignition: { proxy: { httpProxy: "ftp://p", httpsProxy: "http://p" } } },
      "error $.ignition.proxy.httpProxy proxies must be http(s)",
      "warning $.ignition.proxy.httpsProxy insecure plaintext HTTP proxy specified for HTTPS resources",
    ],
    [
      { kernelArguments: { shouldExist: ["a", "a"], shouldNotExist: ["a"] } },
      "error $.kernelArguments.shouldExist[1] duplicate entry defined",
      "error $.kernelArguments.shouldNotExist[0] duplicate entry defined",
    ],
    [partitions({}), "error $.storage.disks[0].partitions[0] a partition number >= 1 or a label must be specified"],
    [
      partitions({ number: 1, startMiB: 1, sizeMiB: 9 }, { number: 2, startMiB: 9, sizeMiB: 1 }),
      "error $.storage.disks[0].partitions[1] partitions overlap",
    ],
    [
      partitions({ number: 1, guid: "x" }),
      'error $.storage.disks[0].partitions[0].guid doesn\'t match the form "01234567-89AB-CDEF-EDCB-A98765432101"',
    ],
    [
      {
        storage: { disks: [{ device: "/dev/a", wipeTable: true }], filesystems: [{ device: "/dev/a", format: "xfs" }] },
      },
      "warning $.storage.filesystems[0].device device matches disk with wipeTable enabled; filesystem will be wiped",
    ],
    [
      {
        storage: {
          disks: [{ device: "/dev/a", partitions: [{ number: 1 }] }],
          filesystems: [{ device: "/dev/a", format: "xfs" }],
        },
      },
      "warning $.storage.filesystems[0].device filesystem overwrites partitioned device",
    ],
    [
      { storage: { filesystems: [{ device: "/dev/a", path: "/d" }] } },
      "error $.storage.filesystems[0].format format cannot be empty when path, label, uuid, wipeFilesystem, options, or mountOptions is specified",
    ],
    [
      { storage: { filesystems: [{ device: "/dev/a", format: "vfat", label: "x".repeat(12) }] } },
      "error $.storage.filesystems[0].label filesystem labels cannot be longer than 11 characters when using vfat",
    ],
    [
      { storage: { raid: [{ name: "a", level: "raid0", devices: ["/dev/a"], spares: 1 }] } },
      "error $.storage.raid[0].level spares unsupported for linear and raid0 arrays",
    ],
    [
      luks({ clevis: { custom: { pin: "x" } } }),
      "error $.storage.luks[0].clevis.custom.pin unsupported clevis pin",
      "error $.storage.luks[0].clevis.custom.config missing required custom clevis config",
    ],
    [
      luks({ clevis: { tang: [{ url: "x" }] } }),
      "error $.storage.luks[0].clevis.tang[0].url invalid url scheme",
      "error $.storage.luks[0].clevis.tang[0].thumbprint thumbprint is required",
    ],
    [
      unit({ contents: "[Unit]\nA=b", enabled: true }),
      'warning $.systemd.units[0].contents unit "a.service" is enabled, but has no install section so enable does nothing',
    ],
    [unit({ dropins: [{ name: "a" }] }), "error $.systemd.units[0].dropins[0].name invalid systemd drop-in extension"],
  ])("%j", (body, ...expected) => {
    expect(problemsOf(body)).toEqual(expected);
  });

  test("rules that only newer specs have", () => {
    const tang = { url: "http://t", thumbprint: "x", advertisement: "{" };
    expect(problemsOf(luks({ clevis: { tang: [tang] } }), "3.4.0")).toEqual([
      "error $.storage.luks[0].clevis.tang[0].advertisement advertisement is not valid JSON",
    ]);
    const cex = { cex: { enabled: true }, clevis: { tpm2: true }, keyFile: { source: "data:,x" } };
    expect(problemsOf(luks(cex), "3.5.0")).toEqual([
      "error $.storage.luks[0].cex cannot use cex with clevis",
      "error $.storage.luks[0].cex cannot use cex with key file",
    ]);
    expect(problemsOf(contents({ source: "arn:aws:s3:::bucket/key" }), "3.4.0")).toEqual([]);
    expect(problemsOf(contents({ source: "arn:aws:ec2:::bucket" }), "3.4.0")).toEqual([
      "error $.storage.files[0].contents.source invalid S3 ARN",
    ]);
  });

  test("a unit line beyond 2048 bytes stops Ignition before spec 3.4 only", () => {
    const body = unit({ contents: `[Unit]\nDescription=${"é".repeat(1020)}\n` });
    const said = "$.systemd.units[0].contents invalid unit content: line too long (max 2048 bytes)";
    expect(problemsOf(body, "3.3.0")).toEqual([`error ${said}`]);
    expect(problemsOf(body, "3.4.0")).toEqual([`warning ${said}`]);
    expect(problemsOf(unit({ contents: `[Unit]\nDescription=${"e".repeat(1020)}\n` }))).toEqual([]);
  });
});
