import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { Machine } from "@railhead/provisioning";
import { subnetContains } from "@railhead/wire";
import type { Snapshot } from "../inventory/snapshot.ts";
import { placeProblem } from "../settings/relations.ts";
import type { Settings } from "../settings/schema.ts";
import { readYamlText } from "../settings/yaml-text.ts";

/** The machines whose reserved address no network of the server can give them, each with file, line and field. */
export function addressProblems({ dataPath, networks }: Settings, snapshot: Snapshot): readonly string[] {
  if (networks.length === 0) return [];
  return snapshot.inventory.machines.flatMap((machine) => {
    const message = addressProblem(machine, networks);
    if (message === undefined) return [];
    const file = snapshot.machineFiles.get(machine.name) ?? `machines/${machine.name}.json`;
    const line = readYamlText(readFileSync(join(dataPath, file), "utf8")).lineOf(["address"]);
    return [`${file}:${line ?? 1}: address: ${message}`];
  });
}

function addressProblem({ address }: Machine, networks: Settings["networks"]): string | undefined {
  if (address === undefined) return undefined;
  const network = networks.find(({ subnet }) => subnetContains(subnet, address));
  if (network === undefined) return `${address} is in the subnet of no network`;
  if (address === network.serverAddress) return `${address} is this server's own address`;
  if (address === network.router) return `${address} is the router's address`;
  return placeProblem(network.subnet, address);
}
