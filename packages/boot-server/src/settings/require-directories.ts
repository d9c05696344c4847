import { statSync } from "node:fs";
import { SettingsError } from "./load.ts";
import type { SettingsIssue } from "./relations.ts";
import type { Settings } from "./schema.ts";

/**
 * Looks whether the directories that are served from are there.
 *
 * @throws SettingsError that names each that is not, by its key
 */
export function requireDirectories(settings: Settings): void {
  const problems = directoryIssues(settings).map(({ path, message }) => `${path.join(".")}: ${message}`);
  if (problems.length > 0) throw new SettingsError(problems);
}

/** The directories that are served from and are not there, each at its key. */
export function directoryIssues({ assetsPath, configRepo, dataPath, tftp }: Settings): readonly SettingsIssue[] {
  const directories: readonly (readonly [readonly string[], string | undefined])[] = [
    [["dataPath"], dataPath],
    [["assetsPath"], assetsPath],
    [["tftp", "root"], tftp?.root],
    [["configRepo", "path"], configRepo?.path],
  ];
  return directories.flatMap(([path, directory]) =>
    directory === undefined || statSync(directory, { throwIfNoEntry: false })?.isDirectory() === true
      ? []
      : [{ path, message: `${directory} is not a directory` }],
  );
}
