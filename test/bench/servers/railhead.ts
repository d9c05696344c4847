import { mkdtemp, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { SettingsInput } from "@railhead/boot-server";
import type { IsolatedNetwork, Lifetime } from "@railhead/sandbox";
import { startLabServer } from "@railhead/testkit";
import { LOCATIONS } from "../locations.ts";
import { nodeImageDirectory } from "../needs.ts";
import { unlessAborted } from "../scope.ts";
import type { Bench } from "../suite.ts";
import { HTTP_PORT, NETWORK } from "./site.ts";

export interface RailheadPlan {
  readonly network: IsolatedNetwork;
  readonly lifetime: Lifetime;
  /** The config repo: served by us, or by somebody else. */
  readonly configRepo: { readonly path: string } | { readonly url: string };
}

export interface StartedRailhead {
  /** From spawn until `server.ready` was read. */
  readonly milliseconds: number;
  /** What that event itself said. */
  readonly ownMilliseconds: number;
}

/** Starts `railhead serve` in the network with the example data directory and a fresh state; resolves when it is ready. */
export async function startRailhead({ signal, directory }: Bench, plan: RailheadPlan): Promise<StartedRailhead> {
  const state = await mkdtemp(join(directory, "railhead-"));
  const configFile = join(state, "railhead.yaml");
  // JSON is YAML.
  await writeFile(configFile, JSON.stringify(settings(join(state, "state"), plan.configRepo)));
  const start = performance.now();
  const server = await plan.lifetime.acquire({
    resource: "boot server",
    acquire: () => startLabServer(plan.network.enter([LOCATIONS.railhead, "serve", "--config", configFile])),
    release: (started) => started.kill(),
  });
  const ready = server.waitForEvent(({ event }) => event === "server.ready");
  const { milliseconds } = await unlessAborted(ready, signal);
  return { milliseconds: performance.now() - start, ownMilliseconds: Number(milliseconds) };
}

function settings(stateDir: string, configRepo: RailheadPlan["configRepo"]): SettingsInput {
  const { subnet, serverAddress, pool } = NETWORK;
  return {
    stateDir,
    dataPath: LOCATIONS.exampleData,
    assetsPath: nodeImageDirectory(),
    http: { address: serverAddress, port: HTTP_PORT },
    tftp: { root: LOCATIONS.ipxe },
    networks: [{ name: "bench", subnet, serverAddress, pool, router: serverAddress, domain: "bench.test" }],
    configRepo: { ...configRepo, ref: "main" },
    agentDir: LOCATIONS.agentDirectory,
  };
}
