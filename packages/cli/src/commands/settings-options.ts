import { loadSettings, type Settings, type SettingsSources } from "@railhead/boot-server";
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
export function settingsOf(options: SettingsOptions): Settings {
  return loadSettings(sourcesOf(options));
}

/** All that has a say in the configuration. */
export function sourcesOf({ config, set }: SettingsOptions): SettingsSources {
  return { file: config, environment: process.env, assignments: set };
}
