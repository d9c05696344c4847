import { loadSettings, type Settings } from "@railhead/boot-server";
import { type Command, Option } from "commander";

/** The options of every command that reads the configuration file. */
export interface SettingsOptions {
  readonly config: string;
  readonly set: readonly string[];
}

export const DEFAULT_CONFIG = "/etc/railhead/railhead.yaml";

export function withSettingsOptions(command: Command): Command {
  return command
    .option("-c, --config <file>", "configuration file", DEFAULT_CONFIG)
    .addOption(
      new Option(
        "--set <key=value>",
        "stands over the file and RAILHEAD_* variables, e.g. --set http.port=8081; may be repeated",
      )
        .argParser((value: string, former: readonly string[]) => [...former, value])
        .default([] as readonly string[], "nothing"),
    );
}

/** @throws SettingsError */
export function settingsOf({ config, set }: SettingsOptions): Settings {
  return loadSettings({ file: config, environment: process.env, assignments: set });
}
