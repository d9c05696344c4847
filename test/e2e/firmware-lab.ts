import { execFileSync } from "node:child_process";
import { existsSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { createLab, type Lab, type LabNeeds, type LabOptions, labNeeds, runOrThrow } from "@railhead/testkit";
import { attachHost, makeSwitch } from "../integration/lab-host.ts";
import { startProgram } from "../integration/lab-program.ts";
import { FIRMWARE_TIMEOUT_SECONDS } from "./firmware-machine.ts";

const CHECKOUT = fileURLToPath(new URL("../..", import.meta.url));
const UNPACKED = join(CHECKOUT, ".toolchain/debian/usr/lib");

/** Files that the machines are given. */
export const LOADER_FILE = {
  ipxe: "/usr/lib/ipxe/snponly.efi",
  shim: join(UNPACKED, "shim/shimx64.efi.signed"),
  /** GRUB that looks for its configuration in /grub of the server that it came from. */
  grubOfNetwork: join(UNPACKED, "grub/x86_64-efi-signed/grubnetx64.efi.signed"),
  /** GRUB that looks for its configuration in \EFI\debian of its disk. */
  grubOfDisk: join(UNPACKED, "grub/x86_64-efi-signed/grubx64.efi.signed"),
  /** Debian's kernel as it is, signed. */
  get kernel() {
    const build = join(CHECKOUT, "boot-assets/node-image/build");
    return join(execFileSync(build, ["--print-dir"], { encoding: "utf8" }).trim(), "vmlinuz");
  },
} as const;

/** What the machines and their network need, with the packages that have it. */
const PACKAGE_OF_FILE: readonly (readonly [file: string, from: string])[] = [
  ["/usr/bin/qemu-system-x86_64", "Debian package qemu-system-x86"],
  ["/usr/bin/qemu-system-aarch64", "Debian package qemu-system-arm"],
  ["/usr/lib/ipxe/qemu/efi-virtio.rom", "Debian package ipxe-qemu"],
  ["/usr/share/OVMF/OVMF_CODE_4M.ms.fd", "Debian package ovmf"],
  ["/usr/share/AAVMF/AAVMF_CODE.fd", "Debian package qemu-efi-aarch64"],
  ["/usr/sbin/radvd", "Debian package radvd"],
  [LOADER_FILE.ipxe, "Debian package ipxe"],
  [LOADER_FILE.shim, "Debian package shim-signed, which scripts/setup test unpacks"],
  [LOADER_FILE.grubOfNetwork, "Debian package grub-efi-amd64-signed, which scripts/setup test unpacks"],
  [LOADER_FILE.kernel, "npm run build:image"],
];

/**
 * Looks whether the tests can run here, as `labNeeds` does.
 *
 * @throws Error where everything must be tested and something is missing
 */
export function firmwareNeeds(): LabNeeds {
  const lab = labNeeds("dnsmasq", "git");
  const missing = PACKAGE_OF_FILE.filter(([file]) => !existsSync(file)).map(([file, from]) => `${file} (${from})`);
  if (lab.skip || missing.length === 0) return lab;
  const what = missing.join(", ");
  if (process.env["CI"] || process.env["RAILHEAD_REQUIRE_ALL"]) throw new Error(`these tests need ${what}`);
  return { skip: true, note: ` [skipped here: needs ${what}]` };
}

/** A lab whose client side is a switch that machines are plugged into. */
export async function createFirmwareLab(options: LabOptions): Promise<Lab> {
  const lab = await createLab(options);
  try {
    await makeSwitch(lab);
    await advertiseRouter(lab);
    return lab;
  } catch (error) {
    await lab[Symbol.asyncDispose]();
    throw error;
  }
}

/** iPXE waits 16 s for a router advertisement where there is none. */
async function advertiseRouter(lab: Lab): Promise<void> {
  const addresses = ["fe80::1", "fd77::1"].map((address) => `addr add ${address}/64 dev br0 nodad`);
  // Snooping without a querier may hold multicast back, and with it the question for a router.
  const lines = ["link set br0 type bridge mcast_snooping 0", ...addresses];
  await runOrThrow(lab.network.inClient(["ip", "-batch", "-"]), { input: `${lines.join("\n")}\n` });
  const file = join(lab.directory, "radvd.conf");
  const prefix = "prefix fd77::/64 { AdvOnLink on; AdvAutonomous on; };";
  const timing = "MinRtrAdvInterval 3; MaxRtrAdvInterval 10; AdvRASolicitedUnicast on;";
  writeFileSync(file, `interface br0 { AdvSendAdvert on; AdvDefaultLifetime 0; ${timing} ${prefix} };\n`);
  const files = ["--config", file, "--pidfile", join(lab.directory, "radvd.pid")];
  const argv = ["/usr/sbin/radvd", "--nodaemon", "--logmethod", "stderr", ...files] as const;
  await startProgram(lab, lab.network.inClient([...argv]), "started");
}

/** A DHCP server that is not ours, on the same switch; it gives addresses 10.77.0.50 to .99 and nothing to boot. */
export async function startForeignDhcp(lab: Lab): Promise<void> {
  const { inClient } = lab.network;
  const host = await attachHost(lab, inClient, { device: "port1", bridge: "br0", hostAddress: "10.77.0.2/24" });
  // All of root, or the kernel forgets to end it with its parent.
  const owner = ["--user=root", "--group=root"];
  const process = ["--keep-in-foreground", "--conf-file=/dev/null", "--port=0", ...owner, "--log-facility=-"];
  const leases = ["--dhcp-range=10.77.0.50,10.77.0.99,10m", "--dhcp-leasefile=/dev/null", "--dhcp-authoritative"];
  const argv = ["dnsmasq", ...process, ...leases, "--no-ping", "--pid-file"] as const;
  await startProgram(lab, host.network.inClient([...argv]), "DHCP, IP range");
}

/** What the server has said in reply to a machine's wish for something to boot, in order, without repetitions. */
export function bootsOf(lab: Lab, mac: string): readonly string[] {
  const replies = lab.server.events.filter(({ event, mac: whose }) => event === "dhcp.reply" && whose === mac);
  return [...new Set(replies.map(({ boot }) => String(boot)))];
}

/** Waits for an HTTP request, and returns the server's answer to it. */
export async function httpRequest(lab: Lab, path: string | RegExp): Promise<number> {
  const found = await lab.server.waitForEvent(
    ({ event, path: asked }) =>
      event === "http.request" && (typeof path === "string" ? asked === path : path.test(String(asked))),
    { timeoutMs: FIRMWARE_TIMEOUT_SECONDS * 1000 },
  );
  return Number(found["status"]);
}

/** Waits until a file has been sent by TFTP as a whole. */
export async function tftpTransfer(lab: Lab, file: string): Promise<number> {
  const found = await lab.server.waitForEvent(({ event, file: sent }) => event === "tftp.sent" && sent === file, {
    timeoutMs: FIRMWARE_TIMEOUT_SECONDS * 1000,
  });
  return Number(found["bytes"]);
}
