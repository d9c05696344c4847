import { accessSync, constants } from "node:fs";
import { delimiter, join } from "node:path";
import { fileURLToPath } from "node:url";

/** The programs that labs run, each with the Debian package that has it. */
const PACKAGE_OF_TOOL = {
  atftp: "atftp",
  busybox: "busybox",
  curl: "curl",
  dhclient: "isc-dhcp-client",
  dhcpcd: "dhcpcd-base",
  dhcping: "dhcping",
  dhcrelay: "isc-dhcp-relay, which scripts/setup test unpacks",
  dnsmasq: "dnsmasq-base",
  dig: "bind9-dnsutils",
  git: "git",
  host: "bind9-host",
  ip: "iproute2",
  networkd: "systemd",
  nft: "nftables",
  nmap: "nmap",
  nsenter: "util-linux",
  perfdhcp: "kea-admin",
  perl: "perl-base",
  setpriv: "util-linux",
  tcpdump: "tcpdump",
  tftp: "tftp-hpa",
} as const;

export type LabTool = keyof typeof PACKAGE_OF_TOOL;

/** Programs that are not where the PATH leads, for which they would be commands. */
const PLACES: Readonly<Partial<Record<LabTool, string>>> = {
  // Its package starts a relay when it is installed; so it is unpacked only.
  dhcrelay: fileURLToPath(new URL("../../../../.toolchain/debian/usr/sbin/dhcrelay", import.meta.url)),
  networkd: "/lib/systemd/systemd-networkd",
};

/** Where a program is, for the beginning of a command. */
export function labTool(tool: LabTool): string {
  return PLACES[tool] ?? tool;
}

/** What every lab needs, whatever is tried in it. */
const ALWAYS: readonly LabTool[] = ["ip", "nsenter", "setpriv"];

/** Whether the tests of a lab can run here. */
export interface LabNeeds {
  readonly skip: boolean;
  /** For the title of a suite: says why it is skipped; empty when it is not. */
  readonly note: string;
}

/**
 * Looks whether this machine can run a lab: root, for network namespaces, and the programs that the tests run.
 *
 * What is missing skips a suite, visibly. Where everything must be tested (`CI` or `RAILHEAD_REQUIRE_ALL` is set) it
 * fails it instead: a skipped suite would look like a tested one.
 *
 * @throws Error there, naming what is missing and the packages to install
 */
export function labNeeds(...tools: readonly LabTool[]): LabNeeds {
  const missing = [...new Set([...ALWAYS, ...tools])]
    .filter((tool) => !isInstalled(tool))
    .map((tool) => `${tool} (Debian package ${PACKAGE_OF_TOOL[tool]})`);
  if (process.getuid?.() !== 0) missing.unshift("root, for network namespaces");
  if (missing.length === 0) return { skip: false, note: "" };
  const what = missing.join(", ");
  if (isSet("CI") || isSet("RAILHEAD_REQUIRE_ALL")) throw new Error(`these tests need ${what}`);
  return { skip: true, note: ` [skipped here: needs ${what}]` };
}

function isInstalled(tool: LabTool): boolean {
  const place = PLACES[tool];
  if (place !== undefined) return isExecutable(place);
  return (process.env["PATH"] ?? "").split(delimiter).some((directory) => isExecutable(join(directory, tool)));
}

function isExecutable(file: string): boolean {
  try {
    accessSync(file, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

function isSet(name: string): boolean {
  const value = process.env[name];
  return value !== undefined && value !== "" && value !== "0" && value !== "false";
}
