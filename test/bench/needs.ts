import { execFileSync } from "node:child_process";
import { accessSync, constants, existsSync } from "node:fs";
import { delimiter, join } from "node:path";
import { LOCATIONS } from "./locations.ts";

/** The programs that suites run, each with the Debian package that has it. */
const PACKAGE_OF_TOOL = {
  curl: "curl",
  dnsmasq: "dnsmasq-base",
  dpkg: "dpkg",
  gcc: "gcc libc6-dev",
  git: "git",
  ip: "iproute2",
  nginx: "nginx-light",
  nsenter: "util-linux",
  "qemu-img": "qemu-utils",
  "qemu-system-x86_64": "qemu-system-x86",
  radvd: "radvd",
  setpriv: "util-linux",
  time: "time",
  unshare: "util-linux",
  xz: "xz-utils",
  zstd: "zstd",
} as const;

type Tool = keyof typeof PACKAGE_OF_TOOL;

/** What cannot be installed, with how to get it. */
const OTHER_NEEDS = {
  root: {
    isThere: () => process.getuid?.() === 0,
    advice: "root, for network namespaces: sudo npm run bench",
  },
  "built command": {
    isThere: () => existsSync(LOCATIONS.railhead) && existsSync(LOCATIONS.builtCommand),
    advice: "the built command: npm run build",
  },
  "built agent": { isThere: () => existsSync(LOCATIONS.agent), advice: "the agent's executable: npm run build:agent" },
  "node image": {
    isThere: () => existsSync(join(nodeImageDirectory(), "manifest.json")),
    advice: "the node image: npm run build:image",
  },
  "iPXE binaries": {
    isThere: () => existsSync(LOCATIONS.ipxe),
    advice: "the iPXE binaries: apt-get install ipxe",
  },
} as const;

export type Need = Tool | keyof typeof OTHER_NEEDS;

// Root's PATH in a shell opened by `su` lacks these, and dnsmasq and nginx live there.
const DIRECTORIES = [...(process.env["PATH"] ?? "").split(delimiter), "/usr/local/sbin", "/usr/sbin", "/sbin"];

/** The absolute path of a program that is known to be there; otherwise its name, for the failure to show. */
export function pathOf(tool: Tool): string {
  return findTool(tool) ?? tool;
}

/** The folder of the node image that belongs to this checkout, whether it has been built or not. */
export function nodeImageDirectory(): string {
  return execFileSync(LOCATIONS.buildImage, ["--print-dir"], { encoding: "utf8" }).trim();
}

/** What is missing, one line each with what to do about it; none when all is there. */
export function missing(needs: Iterable<Need>): readonly string[] {
  const absent = [...new Set(needs)].filter((need) => !isThere(need));
  const packages = absent.flatMap((need) => (isTool(need) ? [PACKAGE_OF_TOOL[need]] : []));
  const install = packages.length === 0 ? [] : [`apt-get install ${[...new Set(packages)].join(" ")}`];
  const programs = absent.filter(isTool);
  return [
    ...absent.flatMap((need) => (isTool(need) ? [] : [OTHER_NEEDS[need].advice])),
    ...install.map((command) => `${programs.join(", ")}: ${command}`),
  ];
}

function isThere(need: Need): boolean {
  return isTool(need) ? findTool(need) !== undefined : OTHER_NEEDS[need].isThere();
}

function isTool(need: Need): need is Tool {
  return need in PACKAGE_OF_TOOL;
}

function findTool(tool: Tool): string | undefined {
  return DIRECTORIES.map((directory) => join(directory, tool)).find((path) => {
    try {
      accessSync(path, constants.X_OK);
      return true;
    } catch {
      return false;
    }
  });
}
