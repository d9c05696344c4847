import { statSync } from "node:fs";
import { SettingsError } from "./load.ts";
import type { Settings } from "./schema.ts";

/**
 * Looks whether the directories that are served from are there.
 *
 * @throws SettingsError that names each that is not, by its key
 */
export function requireDirectories(settings: Settings): void {
  const problems = directoryProblems(settings);
  if (problems.length > 0) throw new SettingsError(problems);
}

/** The directories that are served from and are not there, each by its key. */
export function directoryProblems({ assetsPath, configRepo, dataPath, tftp }: Settings): readonly string[] {
  const directories: Readonly<Record<string, string | undefined>> = {
    dataPath,
    assetsPath,
    "tftp.root": tftp?.root,
    "configRepo.path": configRepo?.path,
  };
  return Object.entries(directories).flatMap(([key, path]) =>
    path === undefined || statSync(path, { throwIfNoEntry: false })?.isDirectory() === true
      ? []
      : [`${key}: ${path} is not a directory`],
  );
}
