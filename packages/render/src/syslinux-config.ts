import type { NetBoot } from "@railhead/provisioning";
import { type LoaderFacts, plainBoot } from "./plain-boot.ts";

/**
 * A configuration in the syntax of SYSLINUX, for U-Boot, petitboot and PXELINUX. Files of this server are paths:
 * U-Boot knows no URLs, and the others take a path as one on the server, and by the protocol, that this came from.
 *
 * @throws LoaderConfigError
 */
export function syslinuxConfig(boot: NetBoot, facts: LoaderFacts): string {
  const { kernel, initrd, args } = plainBoot(boot, facts);
  return label([
    `KERNEL ${kernel}`,
    ...(initrd.length === 0 ? [] : [`INITRD ${initrd.join(",")}`]),
    ...(args.length === 0 ? [] : [`APPEND ${args.join(" ")}`]),
  ]);
}

/** For an installed machine: on to the next boot device. */
export function syslinuxLocalBootConfig(): string {
  return label(["LOCALBOOT 0"]);
}

/** For a machine that is not to boot yet: nothing to boot, which is an error, so that the firmware begins anew. */
export function syslinuxWaitConfig(): string {
  return `SAY railhead: this machine waits for the operator\n${label(["LOCALBOOT -1"])}`;
}

function label(statements: readonly string[]): string {
  return ["DEFAULT railhead", "PROMPT 0", "LABEL railhead", ...statements.map((line) => `  ${line}`), ""].join("\n");
}
