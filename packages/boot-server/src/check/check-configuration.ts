import { statSync } from "node:fs";
import { join } from "node:path";
import type { Inventory } from "@railhead/provisioning";
import { type AgentCatalog, AgentCatalogError, readAgentCatalog } from "../agent/agent-catalog.ts";
import { InventoryError, readSnapshot } from "../inventory/read-snapshot.ts";
import type { Snapshot } from "../inventory/snapshot.ts";
import { directoryProblems } from "../settings/require-directories.ts";
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
 * Looks at everything that the server would serve with these settings: directories, loaders, the agent's executables,
 * the data directory and what it means to the networks, and the boot script and config of every declared machine.
 */
export function checkConfiguration(settings: Settings): ConfigurationCheck {
  const agents = readAgents(settings);
  const problems = [...directoryProblems(settings), ...loaderProblems(settings), ...agents.problems];
  const snapshot = readData(settings);
  if ("problems" in snapshot) return { problems: [...problems, ...snapshot.problems] };
  const failures = checkMachines({ settings: () => settings, agents: agents.catalog }, snapshot);
  const unfit = [...snapshot.unfit.values()].flat();
  return {
    inventory: snapshot.inventory,
    problems: [
      ...problems,
      ...snapshot.dangling,
      ...snapshot.suspicious,
      ...unfit,
      ...addressProblems(settings, snapshot),
      ...describeFailures(besides(failures, snapshot.unfit.keys())),
    ],
  };
}

function loaderProblems({ tftp }: Settings): readonly string[] {
  if (tftp === undefined || !statSync(tftp.root, { throwIfNoEntry: false })?.isDirectory()) return [];
  return Object.entries(tftp.loaders).flatMap(([firmware, file]) => {
    const path = join(tftp.root, file);
    if (statSync(path, { throwIfNoEntry: false })?.isFile() === true) return [];
    return [`tftp.loaders.${firmware}: there is no ${path}`];
  });
}

function readAgents({ agentDir }: Settings): {
  readonly catalog: AgentCatalog | undefined;
  readonly problems: readonly string[];
} {
  if (agentDir === undefined) return { catalog: undefined, problems: [] };
  try {
    return { catalog: readAgentCatalog(agentDir), problems: [] };
  } catch (error) {
    if (!(error instanceof AgentCatalogError)) throw error;
    return { catalog: undefined, problems: [`agentDir: ${error.message}`] };
  }
}

function readData({ dataPath }: Settings): Snapshot | { readonly problems: readonly string[] } {
  // That it is not there is told with the other directories.
  if (!statSync(dataPath, { throwIfNoEntry: false })?.isDirectory()) return { problems: [] };
  try {
    return readSnapshot(dataPath);
  } catch (error) {
    if (error instanceof InventoryError) return { problems: error.problems };
    throw error;
  }
}
