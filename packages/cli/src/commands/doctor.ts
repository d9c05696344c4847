import { accessSync, constants } from "node:fs";
import { networkInterfaces } from "node:os";
import { checkConfiguration, type ForeignServer, type Settings } from "@railhead/boot-server";
import { Command } from "commander";
import { askServer, ControlError } from "../control-client.ts";
import { type SettingsOptions, settingsOf, sourcesOf, withSettingsOptions } from "./settings-options.ts";

/** One thing looked at. */
interface Finding {
  readonly what: string;
  readonly problem?: string;
  readonly hint?: string;
}

/** `railhead doctor`: looks at what a boot server needs, and says what to do where something is missing. */
export function doctorCommand(): Command {
  return withSettingsOptions(new Command("doctor"))
    .description("check what the server needs: addresses, files, other DHCP servers")
    .action(async (options: SettingsOptions) => {
      const settings = settingsOf(options);
      const findings = [
        ...addresses(settings),
        ...configuration(options),
        ...directories(settings),
        await foreignServers(settings),
      ];
      for (const { what, problem, hint } of findings) {
        process.stdout.write(problem === undefined ? `ok    ${what}\n` : `BAD   ${what}: ${problem}\n`);
        if (hint !== undefined) process.stdout.write(`      ${hint}\n`);
      }
      if (findings.some(({ problem }) => problem !== undefined)) process.exitCode = 1;
    });
}

function addresses({ networks }: Settings): readonly Finding[] {
  const own = new Set(Object.values(networkInterfaces()).flatMap((list) => (list ?? []).map(({ address }) => address)));
  return networks.map(({ name, serverAddress }) => {
    const what = `network ${name}: our address ${serverAddress}`;
    if (own.has(serverAddress)) return { what };
    return { what, problem: "no interface has it", hint: `ip addr add ${serverAddress}/... dev ..., or mend networks` };
  });
}

function configuration(options: SettingsOptions): readonly Finding[] {
  const what = "configuration and data directory";
  const { problems } = checkConfiguration(sourcesOf(options));
  return problems.length === 0 ? [{ what }] : problems.map((problem) => ({ what, problem }));
}

function directories({ stateDir, assetsPath }: Settings): readonly Finding[] {
  const check = (path: string, mode: number, hint: string): Finding => {
    try {
      accessSync(path, mode);
      return { what: path };
    } catch (error) {
      return { what: path, problem: error instanceof Error ? error.message : String(error), hint };
    }
  };
  return [
    check(stateDir, constants.W_OK, "the server makes it when it starts, and has to be able to write in it"),
    ...(assetsPath === undefined
      ? []
      : [check(assetsPath, constants.R_OK, "kernels and images are served from there")]),
  ];
}

/** Asked of the running server, which has the ports for it. */
async function foreignServers(settings: Settings): Promise<Finding> {
  const what = "other DHCP servers on our networks";
  try {
    const found = (await askServer(settings, "POST", "/v1/foreign-servers")) as readonly ForeignServer[];
    if (found.length === 0) return { what };
    return {
      what,
      problem: found.map(({ network, server, offered }) => `${server} offers ${offered} on ${network}`).join(", "),
      hint: "stop it, or give the network mode: proxy",
    };
  } catch (error) {
    if (error instanceof ControlError)
      return { what, problem: `could not be looked for: ${error.message}`, hint: error.hint };
    throw error;
  }
}
