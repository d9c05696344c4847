import { statSync } from "node:fs";
import { join } from "node:path";
import type { Inventory } from "@railhead/provisioning";
import { type AgentCatalog, AgentCatalogError, readAgentCatalog } from "../agent/agent-catalog.ts";
import { InventoryError, readSnapshot } from "../inventory/read-snapshot.ts";
import type { Snapshot } from "../inventory/snapshot.ts";
import { loadSettings, locateIssues, SettingsError, type SettingsSources, writtenDataPath } from "../settings/load.ts";
import type { SettingsIssue } from "../settings/relations.ts";
import { directoryIssues } from "../settings/require-directories.ts";
import type { Settings } from "../settings/schema.ts";
import { addressProblems } from "./check-addresses.ts";
import { besides, checkMachines, describeFailures } from "./check-machines.ts";

/** What there is to say of a configuration without serving it. */
export interface ConfigurationCheck {
  /** Everything that is wrong, each with its file, line and field where it has them. */
  readonly problems: readonly string[];
  /** Absent where the data directory cannot be read. */
  readonly inventory?: Inventory;
}

/**
 * Looks at everything that the server would serve with a configuration: directories, loaders, the agent's executables,
 * the data directory and what it means to the networks, and the boot script and config of every declared machine. Of a
 * configuration that is unusable the data directory is still looked at by itself.
 *
 * @throws SettingsError when the configuration file cannot be read
 */
export function checkConfiguration(sources: SettingsSources): ConfigurationCheck {
  try {
    return checkSettings(loadSettings(sources), sources);
  } catch (error) {
    if (!(error instanceof SettingsError)) throw error;
    const dataPath = writtenDataPath(sources);
    if (dataPath === undefined) return { problems: error.problems };
    const data = readData({ dataPath });
    const problems =
      "problems" in data ? data.problems : [...data.dangling, ...data.suspicious, ...unfitProblems(data)];
    return { problems: [...error.problems, ...problems] };
  }
}

function checkSettings(settings: Settings, sources: SettingsSources): ConfigurationCheck {
  const agents = readAgents(settings);
  const issues = [...directoryIssues(settings), ...loaderIssues(settings), ...agents.issues];
  const problems = locateIssues(sources, issues);
  const snapshot = readData(settings);
  if ("problems" in snapshot) return { problems: [...problems, ...snapshot.problems] };
  const failures = checkMachines({ settings: () => settings, agents: agents.catalog }, snapshot);
  return {
    inventory: snapshot.inventory,
    problems: [
      ...problems,
      ...snapshot.dangling,
      ...snapshot.suspicious,
      ...unfitProblems(snapshot),
      ...addressProblems(settings, snapshot),
      ...describeFailures(besides(failures, snapshot.unfit.keys())),
    ],
  };
}

function unfitProblems({ unfit }: Snapshot): readonly string[] {
  return [...unfit.values()].flat();
}

function loaderIssues({ tftp }: Settings): readonly SettingsIssue[] {
  if (tftp === undefined || !statSync(tftp.root, { throwIfNoEntry: false })?.isDirectory()) return [];
  return Object.entries(tftp.loaders).flatMap(([firmware, file]) => {
    const path = join(tftp.root, file);
    if (statSync(path, { throwIfNoEntry: false })?.isFile() === true) return [];
    return [{ path: ["tftp", "loaders", firmware], message: `there is no ${path}` }];
  });
}

function readAgents({ agentDir }: Settings): {
  readonly catalog: AgentCatalog | undefined;
  readonly issues: readonly SettingsIssue[];
} {
  if (agentDir === undefined) return { catalog: undefined, issues: [] };
  try {
    return { catalog: readAgentCatalog(agentDir), issues: [] };
  } catch (error) {
    if (!(error instanceof AgentCatalogError)) throw error;
    return { catalog: undefined, issues: [{ path: ["agentDir"], message: error.message }] };
  }
}

function readData({ dataPath }: Pick<Settings, "dataPath">): Snapshot | { readonly problems: readonly string[] } {
  // That it is not there is told with the other directories.
  if (!statSync(dataPath, { throwIfNoEntry: false })?.isDirectory()) return { problems: [] };
  try {
    return readSnapshot(dataPath);
  } catch (error) {
    if (error instanceof InventoryError) return { problems: error.problems };
    throw error;
  }
}
