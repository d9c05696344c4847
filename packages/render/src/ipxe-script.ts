import type { NetBoot } from "@railhead/provisioning";

/** Thrown when a value would break out of its line of a boot script. */
export class BootScriptError extends Error {
  override readonly name = "BootScriptError";
  readonly code = "boot-script-line-break";
  readonly hint = "a kernel, initrd or argument must be one line";
}

const BOOT_QUERY = [
  "uuid=${uuid}",
  "mac=${mac:hexhyp}",
  "domain=${domain}",
  "hostname=${hostname}",
  "serial=${serial}",
  "arch=${buildarch:uristring}",
].join("&");

/**
 * The script that iPXE loads first, served as `/boot.ipxe`. The URL is relative, so it leads back to whichever server
 * and port the script came from; `hexhyp` and `uristring` are iPXE's own number and URI formats.
 */
export function bootScript(): string {
  return `#!ipxe\nchain ipxe?${BOOT_QUERY}\n`;
}

/**
 * The same for `autoexec.ipxe`, which a current iPXE looks for where it was itself loaded from, over TFTP as well, and
 * runs without a DHCP of its own (rule R17). So every URL is absolute; where the firmware's address was not taken over,
 * DHCP comes first after all.
 *
 * @param serverUrl `http://10.77.0.1:8080`
 */
export function autoexecScript(serverUrl: string): string {
  return `#!ipxe\nisset \${ip} || dhcp\nchain ${serverUrl}/ipxe?${BOOT_QUERY}\n`;
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

const LINE_WIDTH = 64;
const RETRY_SECONDS = 10;

/**
 * A script for a machine that is not to boot yet: says why and asks again, so that a person at the console sees the
 * reason and the operator's decision takes effect without a power cycle. Reasons are shown in the characters that
 * mean nothing to iPXE's command line; all others appear as `?`.
 */
export function waitScript(reason: string): string {
  const lines = reason.split(/\r\n|[\r\n]/).flatMap((line) => wrap(harmless(line)));
  return [
    "#!ipxe",
    ":retry",
    "echo railhead: this machine has to wait",
    // The prefix also keeps a word like "-n" from being read as an option of echo.
    ...lines.map((line) => `echo railhead: ${line}`),
    `echo railhead: asking again in ${RETRY_SECONDS} seconds`,
    `sleep ${RETRY_SECONDS}`,
    // --replace: otherwise each round would run nested in the one before until iPXE's stack is full.
    "chain --replace --autofree boot.ipxe || goto retry",
    "",
  ].join("\n");
}

/**
 * A script that goes on to the machine's own disk at once, for one that is installed. A BIOS is given the first disk;
 * UEFI is left with an error, because after a success it would show its menu instead of trying the next boot option
 * (UEFI specification section 3.1.1).
 */
export function localBootScript(): string {
  return [
    "#!ipxe",
    "echo railhead: booting from the local disk",
    "iseq ${platform} efi && exit 1 ||",
    "sanboot --no-describe --drive 0x80 || exit 1",
    "",
  ].join("\n");
}

/** iPXE gives meaning to `$ { } # ; & | " ' \` and to control characters. */
function harmless(line: string): string {
  return line.replace(/'|"/g, "").replace(/[^A-Za-z0-9 .,:/_()=+@%*<>[\]!?-]/gu, "?");
}

function wrap(line: string): string[] {
  const lines: string[] = [];
  for (const word of line.split(" ").filter((word) => word !== "")) {
    const last = lines.at(-1);
    if (last !== undefined && last.length + 1 + word.length <= LINE_WIDTH) lines[lines.length - 1] = `${last} ${word}`;
    else lines.push(...(word.match(new RegExp(`.{1,${LINE_WIDTH}}`, "g")) ?? []));
  }
  return lines;
}
