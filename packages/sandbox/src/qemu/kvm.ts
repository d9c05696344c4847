import { constants } from "node:fs";
import { access, mkdir, readFile, rename, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { parseJsonObject } from "../json-object.ts";
import { startChild } from "../process/child.ts";
import type { Argv } from "../process/command.ts";
import { waitFor } from "../process/wait.ts";
import { SandboxError } from "../sandbox-error.ts";
import type { Accelerator } from "./qemu-arguments.ts";

export interface KvmProbeOptions {
  /** qemu-system-x86_64 */
  readonly qemu: string;
  /** A Linux kernel for x86-64: the one that the machines are going to boot. */
  readonly kernel: string;
  /** Default 10,000: a working KVM needs about 2 s. */
  readonly timeoutMs?: number;
  readonly device?: string;
  readonly signal?: AbortSignal | undefined;
}

export interface KvmProbe {
  readonly accelerator: Accelerator;
  /** Why, in words for the person who waits. */
  readonly reason: string;
}

/**
 * Finds out whether KVM really runs a kernel, by running one. That /dev/kvm opens proves little: some hosts offer a KVM
 * in which ordinary kernels hang without a word. A kernel without a root file system prints, panics, and with `panic=-1`
 * restarts at once, which `-no-reboot` turns into the end of QEMU; all of that within the limit means that KVM works.
 */
export async function probeKvm(options: KvmProbeOptions): Promise<KvmProbe> {
  const device = options.device ?? "/dev/kvm";
  const usable = await access(device, constants.R_OK | constants.W_OK).then(
    () => true,
    () => false,
  );
  if (!usable) {
    return { accelerator: "tcg", reason: `${device} is not there or not for this user` };
  }
  const seconds = (options.timeoutMs ?? 10_000) / 1000;
  let sawKernel = false;
  const child = await startChild({
    argv: probeArguments(options.qemu, options.kernel),
    onLine: (line) => (sawKernel ||= line.includes("Linux version")),
  });
  try {
    const exit = await waitFor(child.exited, { timeoutMs: seconds * 1000, signal: options.signal });
    return exit.code === 0 && sawKernel
      ? { accelerator: "kvm", reason: "KVM boots a kernel" }
      : { accelerator: "tcg", reason: `KVM does not boot a kernel: ${child.tail().at(-1) ?? "no output"}` };
  } catch (error) {
    if (error instanceof SandboxError && error.code === "timed-out") {
      return {
        accelerator: "tcg",
        reason: `${device} opens, but a kernel hangs in it (no restart within ${seconds} s)`,
      };
    }
    throw error;
  } finally {
    // A guest that hangs in a broken KVM does not always let QEMU end on SIGTERM.
    await child.stop(500);
  }
}

/**
 * The same answer from a file in `cacheDirectory` when it was found since the host was started: neither the module nor
 * the hypervisor below changes in between, and the probe of a broken KVM takes the whole limit.
 */
export async function probeKvmOnce(
  options: KvmProbeOptions,
  cache: { readonly directory: string; readonly bootId?: string },
): Promise<KvmProbe> {
  const bootId = cache.bootId ?? (await readFile("/proc/sys/kernel/random/boot_id", "utf8")).trim();
  const path = join(cache.directory, "kvm-probe.json");
  const known = await readFile(path, "utf8").then(
    (text) => parseCachedProbe(text, bootId),
    () => undefined,
  );
  if (known !== undefined) {
    return known;
  }
  const probe = await probeKvm(options);
  await mkdir(dirname(path), { recursive: true });
  const scratch = `${path}.${process.pid}`;
  await writeFile(scratch, `${JSON.stringify({ bootId, ...probe })}\n`);
  await rename(scratch, path);
  return probe;
}

/** A remembered probe; `undefined` when it was not found in this run of the host, or cannot be read. Pure. */
export function parseCachedProbe(text: string, bootId: string): KvmProbe | undefined {
  const { bootId: probedIn, accelerator, reason } = parseJsonObject(text) ?? {};
  const known = probedIn === bootId && (accelerator === "kvm" || accelerator === "tcg");
  return known && typeof reason === "string" ? { accelerator, reason } : undefined;
}

/** The arguments of the probe. Pure. */
export function probeArguments(qemu: string, kernel: string): Argv {
  const machine = "-machine q35,graphics=off -accel kvm -cpu host -smp 1 -m 256 -nodefaults -no-user-config".split(" ");
  const output = "-display none -vga none -serial stdio -no-reboot".split(" ");
  return [qemu, ...machine, ...output, "-kernel", kernel, "-append", "console=ttyS0 panic=-1"];
}
