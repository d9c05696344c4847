import { checkConfiguration } from "@railhead/boot-server";
import { Command } from "commander";
import { sourcesOf } from "./settings-options.ts";

/** `railhead check FILE`: says everything that is wrong with a configuration and its data directory. */
export function checkCommand(): Command {
  return new Command("check")
    .description("list every problem of a configuration file and of all that would be served with it")
    .argument("<file>", "configuration file")
    .action((file: string) => {
      const { inventory, problems } = checkConfiguration(sourcesOf({ config: file, set: [] }));
      for (const problem of problems) process.stderr.write(`${problem}\n`);
      if (inventory === undefined || problems.length > 0) {
        process.exitCode = 2;
        return;
      }
      const { machines, groups, profiles } = inventory;
      process.stdout.write(`ok: ${machines.length} machines, ${groups.length} groups, ${profiles.size} profiles\n`);
    });
}
