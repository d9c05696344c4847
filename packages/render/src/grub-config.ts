import type { NetBoot } from "@railhead/provisioning";
import { LoaderConfigError, type LoaderFacts, plainBoot } from "./plain-boot.ts";

/**
 * A configuration for GRUB, for machines that boot by the distribution's signed shim and GRUB. No menu: it boots, and
 * where a file cannot be had it says so and begins anew.
 *
 * Debian's signed GRUB has no module for HTTP, and Secure Boot lets it load none (`insmod` says
 * nothing of that); then this server's files come by TFTP.
 *
 * @throws LoaderConfigError
 */
export function grubConfig(boot: NetBoot, facts: LoaderFacts): string {
  const { kernel, initrd, args } = plainBoot(boot, facts);
  const linux = ["linux", grubFile(kernel, facts), ...args.map(grubWord)].join(" ");
  const load = ["initrd", ...initrd.map((location) => grubFile(location, facts))].join(" ");
  const boots =
    initrd.length === 0
      ? [`  if ${linux}; then boot; fi`]
      : [`  if ${linux}; then`, `    if ${load}; then boot; fi`, "  fi"];
  const { address, httpPort } = facts.server;
  return lines(`for server in (http,${hostOf(address, httpPort)}) (tftp,${address}); do`, ...boots, "done", ...AGAIN);
}

function hostOf(address: string, port: number): string {
  return port === 80 ? address : `${address}:${port}`;
}

/**
 * For an installed machine: the loader where UEFI looks for one on any disk, or else back to the firmware. GRUB that
 * heeds the argument of `exit` makes the firmware try the next boot option.
 */
export function grubLocalBootConfig(): string {
  return lines(
    "for loader in /EFI/BOOT/BOOTX64.EFI /EFI/BOOT/BOOTAA64.EFI; do",
    "  if search --no-floppy --file --set=disk $loader; then",
    "    if chainloader ($disk)$loader; then boot; fi",
    "  fi",
    "done",
    "exit 1",
  );
}

/** For a machine that is not to boot yet: it asks again after a while. */
export function grubWaitConfig(): string {
  return lines("echo 'railhead: this machine waits for the operator'", "sleep 60", "reboot");
}

const AGAIN = ["echo 'railhead: a file could not be loaded; starting again in 10 seconds'", "sleep 10", "reboot"];

function lines(...text: readonly string[]): string {
  return `${text.join("\n")}\n`;
}

/** `$server/assets/vmlinuz` for a file of this server, else `(http,10.0.0.9)/vmlinuz`. */
function grubFile(location: string, { server }: LoaderFacts): string {
  const [, protocol, host, path = location] = /^(http|tftp):\/\/([^/?#]+)(\/.*)$/.exec(location) ?? [];
  const own = protocol === "http" && host === hostOf(server.address, server.httpPort);
  if (location.startsWith("/") || own) return `$server${grubWord(path)}`;
  if (protocol !== undefined) return grubWord(`(${protocol},${host})${path}`);
  throw new LoaderConfigError("loader-unsupported", `GRUB cannot load ${location}`);
}

/**
 * A word as GRUB's shell reads it. GRUB puts words with blanks in double quotes for the kernel, so the quotes that the
 * profile has for that go. It also puts a backslash before quotes and backslashes, which the kernel would not take off.
 */
function grubWord(word: string): string {
  const bare = word.replaceAll('"', "");
  if (/['\\]/.test(bare)) throw new LoaderConfigError("loader-unsupported", `GRUB cannot pass on ${word}`);
  return /^[\w.,:/=@%+()-]+$/.test(bare) ? bare : `'${bare}'`;
}
