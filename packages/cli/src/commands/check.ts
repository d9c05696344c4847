import { loadSettings, readSnapshot } from "@railhead/boot-server";
import { Command } from "commander";

/** `railhead check FILE`: says everything that is wrong with a configuration and its data directory. */
export function checkCommand(): Command {
  return new Command("check")
    .description("list every problem of a configuration file and of its data directory")
    .argument("<file>", "configuration file")
    .action((file: string) => {
      const settings = loadSettings({ file });
      const { inventory, problems } = readSnapshot(settings.dataPath);
      for (const problem of problems) process.stderr.write(`${problem}\n`);
      if (problems.length > 0) {
        process.exitCode = 2;
        return;
      }
      const { machines, groups, profiles } = inventory;
      process.stdout.write(`ok: ${machines.length} machines, ${groups.length} groups, ${profiles.size} profiles\n`);
    });
}
