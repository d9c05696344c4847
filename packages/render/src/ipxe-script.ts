import type { NetBoot } from "@railhead/provisioning";

/** Thrown when a value would break out of its line of a boot script. */
export class BootScriptError extends Error {
  override readonly name = "BootScriptError";
  readonly code = "boot-script-line-break";
  readonly hint = "a kernel, initrd or argument must be one line";
}

/**
 * The script that iPXE loads first, served as `/boot.ipxe`. The URL is relative, so it leads back to whichever server
 * and port the script came from; `hexhyp` and `uristring` are iPXE's own number and URI formats.
 */
export function bootScript(): string {
  const query = [
    "uuid=${uuid}",
    "mac=${mac:hexhyp}",
    "domain=${domain}",
    "hostname=${hostname}",
    "serial=${serial}",
    "arch=${buildarch:uristring}",
  ];
  return `#!ipxe\nchain ipxe?${query.join("&")}\n`;
}

/**
 * The script that boots one machine, byte for byte as matchbox writes it: no quoting, so `${uuid}` in an argument is
 * iPXE's to expand and an initrd may carry options (`--name main URL`).
 *
 * @throws BootScriptError when a value holds a line break or NUL, which would smuggle in further commands.
 */
export function ipxeScript(boot: NetBoot): string {
  const kernel = ["kernel", boot.kernel, ...boot.args].join(" ");
  const lines = [kernel, ...boot.initrd.map((initrd) => `initrd ${initrd}`)];
  for (const line of lines) {
    if (/[\r\n\0]/.test(line)) throw new BootScriptError(`line break or NUL in ${JSON.stringify(line)}`);
  }
  return ["#!ipxe", ...lines, "boot", ""].join("\n");
}
