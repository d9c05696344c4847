import type { ReloadResult } from "@railhead/boot-server";
import { Command } from "commander";
import { askServer } from "../control-client.ts";
import { type SettingsOptions, settingsOf, withSettingsOptions } from "./settings-options.ts";

/** `railhead reload`: the running server reads configuration and data anew, as on SIGHUP; says what came of it. */
export function reloadCommand(): Command {
  return withSettingsOptions(new Command("reload"))
    .description("have the running server read configuration and data directory anew")
    .action(async (options: SettingsOptions) => {
      const result = (await askServer(settingsOf(options), "POST", "/v1/reload")) as ReloadResult;
      for (const problem of result.problems) process.stderr.write(`${problem}\n`);
      if (result.reloaded && result.restartNeededFor.length > 0) {
        process.stderr.write(`not in force until a restart: ${result.restartNeededFor.join(", ")}\n`);
      }
      if (!result.reloaded || result.problems.length > 0) process.exitCode = 1;
      else process.stdout.write("reloaded\n");
    });
}
