import type { BootFiles } from "./files/boot-files.ts";
import type { NodePlanOptions } from "./nodes/node-plan.ts";
import type { TextOutput } from "./nodes/progress-display.ts";
import type { Argv } from "./process/command.ts";
import type { Accelerator } from "./qemu/qemu-arguments.ts";

/** What the boot server has to know of this sandbox. */
export interface SettingsFacts {
  /** Where the settings are written: the folder that relative paths in them start from. */
  readonly settingsFile: string;
  readonly dataDirectory: string;
  readonly stateDirectory: string;
  readonly configRepo: string;
  readonly nodeImageDirectory: string;
  readonly subnet: string;
  readonly serverAddress: string;
  readonly pool: { readonly first: string; readonly last: string };
}

export interface SandboxOptions extends NodePlanOptions {
  /** Of each node. */
  readonly memoryMiB: number;
  /** Each node gets a blank disk of that size. Absent: nodes without disks. */
  readonly diskGiB?: number | undefined;
  /** End when all nodes are running, or when one has failed or is late. Otherwise the sandbox stays until interrupted. */
  readonly once: boolean;
  /** For all nodes to be running, from power-on; also for a node that is rebooted. */
  readonly timeoutSeconds: number;
  /** Leave the run directory in place at the end: consoles, server log, disks. */
  readonly keep: boolean;
  /** A folder that does not exist yet. Default: a fresh one below /var/tmp. */
  readonly runDirectory?: string | undefined;
  /** A git repository to serve. Default: a fresh one made of `exampleConfigRepo`. */
  readonly configRepo?: string | undefined;
  /** Default "auto": KVM if it really boots a kernel, else TCG. */
  readonly accelerator?: "auto" | Accelerator;
  /** Where the answer about KVM is remembered: ${RAILHEAD_CACHE:-/var/cache/railhead}. */
  readonly cacheDirectory: string;
  /** vmlinuz, live.img and manifest.json. */
  readonly nodeImageDirectory: string;
  /** More files that are checked before the start, such as the iPXE binaries. */
  readonly bootFiles?: readonly BootFiles[];
  /** groups, profiles and ignition templates: boot-assets/examples/data. */
  readonly exampleData: string;
  /** Unit lists and units: boot-assets/examples/config-repo. */
  readonly exampleConfigRepo: string;
  /** `railhead`, with its interpreter when it needs one; "serve --config FILE" is added. */
  readonly serverCommand: Argv;
  /** The text of the boot server's settings file. */
  readonly writeSettings: (facts: SettingsFacts) => string | Promise<string>;
  /** Where running sandboxes are entered for second processes to find. Default: `registryDirectory()`. */
  readonly registry?: string;
  /** For a node to switch itself off when it is rebooted. Default 60. */
  readonly shutdownSeconds?: number;
}

export interface SandboxIo {
  readonly stdout: TextOutput;
  /** Interrupts the sandbox, which then removes everything; see `interruptSignal`. */
  readonly signal: AbortSignal;
}
