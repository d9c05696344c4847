import { cp, mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { join, resolve } from "node:path";
import { machineDocument, type NodePlan } from "../nodes/node-plan.ts";
import { SandboxError } from "../sandbox-error.ts";
import { requireDirectory } from "./require-directory.ts";

/** Where a sandbox keeps what it makes. */
export interface RunDirectory {
  readonly path: string;
  /** One serial console log for each node: NAME.log, and a socket to type into: NAME.sock. */
  readonly consoles: string;
  /** The server's own files. */
  readonly state: string;
  /** Machines, groups, profiles and Ignition templates. */
  readonly data: string;
  /** QEMU's monitor sockets, disks and UEFI variables. */
  readonly machines: string;
  readonly network: string;
  readonly settingsFile: string;
  readonly serverLog: string;
  readonly controlSocket: string;
}

// Not /run, which is memory: disks of nodes and console logs grow.
const DEFAULT_PARENT = "/var/tmp";

/** Linux's limit for the path of a Unix socket is 107 bytes (unix(7)); this leaves room for /consoles/core-01.sock. */
const LONGEST_PATH_BYTES = 80;

/** Makes the folders of a sandbox, below /var/tmp unless `path` names one that is not there yet. */
export async function makeRunDirectory(path: string | undefined): Promise<RunDirectory> {
  const root =
    path === undefined ? await mkdtemp(join(DEFAULT_PARENT, "railhead-sandbox-")) : await claim(resolve(path));
  const directory = runDirectoryAt(root);
  for (const folder of [directory.consoles, directory.state, directory.data, directory.machines, directory.network]) {
    await mkdir(folder);
  }
  return directory;
}

/** The layout of a run directory. Pure. */
export function runDirectoryAt(path: string): RunDirectory {
  return {
    path,
    consoles: join(path, "consoles"),
    state: join(path, "state"),
    data: join(path, "data"),
    machines: join(path, "machines"),
    network: join(path, "network"),
    settingsFile: join(path, "railhead.yaml"),
    serverLog: join(path, "server.log"),
    controlSocket: join(path, "control.sock"),
  };
}

export async function removeRunDirectory(path: string): Promise<void> {
  await rm(path, { recursive: true, force: true, maxRetries: 3 });
}

/** Fills the data directory: the example's groups, profiles and templates, and a machine for each planned node. */
export async function writeDataDirectory(
  directory: string,
  exampleData: string,
  nodes: readonly NodePlan[],
): Promise<void> {
  await requireDirectory(exampleData, "the example data directory");
  await cp(exampleData, directory, { recursive: true });
  // The example's machines are other machines.
  const machines = join(directory, "machines");
  await rm(machines, { recursive: true, force: true });
  await mkdir(machines);
  for (const node of nodes) {
    await writeFile(join(machines, `${node.name}.json`), `${JSON.stringify(machineDocument(node), undefined, 2)}\n`);
  }
}

async function claim(path: string): Promise<string> {
  if (Buffer.byteLength(path) > LONGEST_PATH_BYTES) {
    throw new SandboxError("bad-option", `the run directory's path is too long for sockets in it: ${path}`, {
      hint: `Choose one of at most ${LONGEST_PATH_BYTES} bytes.`,
    });
  }
  // Made here, so that removing it at the end removes nothing of anybody else's.
  await mkdir(path, { mode: 0o700 }).catch((cause: unknown) => {
    throw new SandboxError("bad-option", `the run directory ${path} cannot be made`, {
      cause,
      hint: "It must not exist yet, and its parent must.",
    });
  });
  return path;
}
