import { mkdtemp, writeFile } from "node:fs/promises";
import { get } from "node:http";
import { dirname, join } from "node:path";
import { setTimeout } from "node:timers/promises";
import type { IsolatedNetwork, Lifetime } from "@railhead/sandbox";
import type { Argv } from "@railhead/testkit";
import { LOCATIONS } from "../locations.ts";
import { nodeImageDirectory, pathOf } from "../needs.ts";
import { type BackgroundProcess, enclosed, startInBackground } from "../process.ts";
import { unlessAborted } from "../scope.ts";
import type { Bench } from "../suite.ts";
import { dnsmasqConfiguration, nginxConfiguration, probeSocket } from "./peer-configuration.ts";
import { NETWORK } from "./site.ts";

export interface PeerPlan {
  readonly network: IsolatedNetwork;
  readonly lifetime: Lifetime;
  /** What it serves to the machine. Absent: it is started, and nothing boots from it. */
  readonly content?: {
    /** The folder with boot.ipxe, ipxe and ignition. */
    readonly rendered: string;
    /** A git repository, served by `git daemon` under its own name. */
    readonly configRepo: string;
  };
}

/**
 * Starts dnsmasq and nginx, and git's daemon where there is content, all together; resolves when all are ready.
 *
 * @returns milliseconds from spawn until then
 */
export async function startPeer({ signal, directory }: Bench, plan: PeerPlan): Promise<number> {
  const own = await mkdtemp(join(directory, "peer-"));
  const dnsmasqFile = join(own, "dnsmasq.conf");
  const nginxFile = join(own, "nginx.conf");
  const files = { directory: own, rendered: plan.content?.rendered, nodeImage: nodeImageDirectory() };
  await writeFile(dnsmasqFile, dnsmasqConfiguration(files));
  await writeFile(nginxFile, nginxConfiguration(files));
  const run = (resource: string, argv: Argv): Promise<BackgroundProcess> =>
    plan.lifetime.acquire({
      resource,
      acquire: () => startInBackground(plan.network.enter(argv)),
      release: (started) => started.stop(),
    });
  const nginxCommand: Argv = [pathOf("nginx"), "-p", own, "-c", nginxFile];
  const start = performance.now();
  const [dnsmasq, nginx, git] = await Promise.all([
    run("dnsmasq", [pathOf("dnsmasq"), "--keep-in-foreground", `--conf-file=${dnsmasqFile}`]),
    run("nginx", enclosed(pathOf("unshare"), nginxCommand)),
    plan.content && run("git daemon", gitDaemon(plan.content.configRepo)),
  ]);
  const ready = Promise.all([
    // Written after its sockets are open.
    dnsmasq.line(/started, version/),
    Promise.race([answers(probeSocket(own), signal), nginx.failed]),
    git?.line(/Ready to rumble/),
  ]);
  await unlessAborted(ready, signal);
  return performance.now() - start;
}

function gitDaemon(repository: string): Argv {
  const folder = dirname(repository);
  const options = ["--verbose", "--export-all", "--reuseaddr", `--listen=${NETWORK.serverAddress}`];
  return [LOCATIONS.gitDaemon, ...options, `--base-path=${folder}`, folder];
}

/** Asks until there is an answer, every millisecond. */
async function answers(socketPath: string, signal: AbortSignal): Promise<void> {
  const ask = () =>
    new Promise<boolean>((resolve) => {
      get({ socketPath, path: "/healthz", agent: false }, (response) => {
        response.resume();
        resolve(response.statusCode === 200);
      }).once("error", () => resolve(false));
    });
  while (!(await ask())) await setTimeout(1, undefined, { signal });
}
