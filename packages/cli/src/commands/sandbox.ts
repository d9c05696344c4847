import { type SettingsInput, stringifySettings } from "@railhead/boot-server";
import { controlSandbox, type Firmware, interruptSignal, runSandbox, type SettingsFacts } from "@railhead/sandbox";
import { Command, InvalidArgumentError } from "commander";
import { cacheDirectory, LOCATIONS, nodeImageDirectory } from "../locations.ts";

interface UpOptions {
  readonly nodes: number;
  readonly managers: number;
  readonly firmware: readonly Firmware[];
  readonly memory: number;
  readonly once?: true;
  readonly timeout: number;
  readonly keep?: true;
  readonly configRepo?: string;
  readonly runDirectory?: string;
}

const HTTP_PORT = 8080;

/** `railhead sandbox`: blank virtual machines that boot from a server of their own. Needs root. */
export function sandboxCommand(): Command {
  return new Command("sandbox")
    .description("boot blank virtual machines on an isolated network, until Ctrl-C")
    .addCommand(
      controlCommand("reboot", "<node>", "reboot a node, so that it bootstraps itself anew; waits until it runs"),
    )
    .addCommand(controlCommand("status", undefined, "print the table of the running sandbox"))
    .addCommand(controlCommand("stop", undefined, "end the running sandbox and remove it"))
    .option("--nodes <count>", "how many machines", wholeNumber, 3)
    .option("--managers <count>", "how many of them are managers; the rest are workers", wholeNumber, 1)
    .option("--firmware <list>", "bios or uefi; a list such as bios,uefi goes round the machines", firmwareList, [
      "bios",
    ])
    .option("--memory <MiB>", "memory of each machine", wholeNumber, 1024)
    .option("--once", "end when all machines are running; fail when one is not")
    .option("--timeout <seconds>", "how long the machines may take", wholeNumber, 600)
    .option("--keep", "leave logs, consoles and the config repo in place at the end")
    .option("--config-repo <directory>", "a git repository of your own to bootstrap from, instead of the example")
    .option("--run-directory <directory>", "where to keep what belongs to the sandbox; must not exist")
    .action(async (options: UpOptions) => {
      const interrupt = interruptSignal();
      const { memory, timeout, once = false, keep = false, ...rest } = options;
      process.exitCode = await runSandbox(
        {
          ...rest,
          memoryMiB: memory,
          timeoutSeconds: timeout,
          once,
          keep,
          cacheDirectory: cacheDirectory(process.env),
          nodeImageDirectory: await nodeImageDirectory(),
          bootFiles: [ipxeFiles()],
          exampleData: LOCATIONS.exampleData,
          exampleConfigRepo: LOCATIONS.exampleConfigRepo,
          serverCommand: [LOCATIONS.command],
          writeSettings: serverSettings,
        },
        { stdout: process.stdout, signal: interrupt.signal },
      );
      interrupt.dispose();
    });
}

function controlCommand(
  verb: "reboot" | "status" | "stop",
  argument: string | undefined,
  description: string,
): Command {
  const command = new Command(verb)
    .description(description)
    .option("--pid <pid>", "the sandbox with this process id, where several run", wholeNumber);
  if (argument !== undefined) command.argument(argument);
  return command.action(async (...args: unknown[]) => {
    const node = argument === undefined ? undefined : String(args[0]);
    const { pid } = command.opts<{ pid?: number }>();
    const interrupt = interruptSignal();
    const request = verb === "reboot" ? { verb, node: node ?? "" } : { verb };
    process.exitCode = await controlSandbox(request, { stdout: process.stdout, signal: interrupt.signal, pid });
    interrupt.dispose();
  });
}

/** The configuration of a sandbox's boot server. */
function serverSettings(facts: SettingsFacts): string {
  const settings: SettingsInput = {
    stateDir: facts.stateDirectory,
    dataPath: facts.dataDirectory,
    assetsPath: facts.nodeImageDirectory,
    http: { address: facts.serverAddress, port: HTTP_PORT },
    tftp: { root: LOCATIONS.ipxe },
    networks: [
      {
        name: "sandbox",
        subnet: facts.subnet,
        serverAddress: facts.serverAddress,
        pool: facts.pool,
        router: facts.serverAddress,
        domain: "sandbox.test",
      },
    ],
    cluster: { name: "sandbox" },
    configRepo: { path: facts.configRepo, ref: "main" },
    agentDir: LOCATIONS.agent,
  };
  return stringifySettings(settings);
}

function ipxeFiles() {
  return {
    directory: LOCATIONS.ipxe,
    manifest: LOCATIONS.ipxeManifest,
    names: ["undionly.kpxe", "snponly.efi"],
    hint: "Install Debian's package ipxe; if it has been updated, see boot-assets/ipxe/README.md.",
  };
}

function wholeNumber(text: string): number {
  if (!/^[0-9]{1,7}$/.test(text)) throw new InvalidArgumentError("Not a whole number.");
  return Number(text);
}

function firmwareList(text: string): readonly Firmware[] {
  return text.split(",").map((word) => {
    if (word === "bios" || word === "uefi") return word;
    throw new InvalidArgumentError("Each is bios or uefi.");
  });
}
