import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { type Child, startChild } from "../process/child.ts";
import type { Argv } from "../process/command.ts";
import { waitFor } from "../process/wait.ts";
import { SandboxError } from "../sandbox-error.ts";

export interface RouterAdvertisementSpec {
  readonly radvd: string;
  readonly interfaceName: string;
  readonly directory: string;
  readonly enter: (argv: Argv) => Argv;
  readonly signal?: AbortSignal | undefined;
}

/**
 * The configuration of radvd. iPXE configures IPv6 beside IPv4 and waits about 16 s for a router advertisement on a
 * segment that has none; one that offers a prefix but no default route (lifetime 0) ends the wait in milliseconds.
 * Each asker is answered by unicast: advertisements to all are held back for 3 s (RFC 4861 section 6.2.6), and of three
 * machines powered on together two would wait for theirs. Pure.
 */
export function radvdConfiguration(interfaceName: string): string {
  return `interface ${interfaceName} {
  AdvSendAdvert on;
  AdvDefaultLifetime 0;
  AdvRASolicitedUnicast on;
  MinRtrAdvInterval 3;
  MaxRtrAdvInterval 10;
  prefix fd77::/64 { AdvOnLink on; AdvAutonomous on; };
};
`;
}

/** Starts radvd in the network. Throws `network` with radvd's own words when it does not start. */
export async function startRouterAdvertisements(spec: RouterAdvertisementSpec): Promise<Child> {
  const configuration = join(spec.directory, "radvd.conf");
  await writeFile(configuration, radvdConfiguration(spec.interfaceName));
  const { promise: started, resolve } = Promise.withResolvers<undefined>();
  const options = ["--nodaemon", "--logmethod", "stderr", "--pidfile", join(spec.directory, "radvd.pid")];
  const child = await startChild({
    argv: spec.enter([spec.radvd, ...options, "--config", configuration]),
    logFile: join(spec.directory, "radvd.log"),
    onLine: (line) => (line.endsWith("started") ? resolve(undefined) : undefined),
  });
  const failed = child.exited.then((): never => {
    throw new SandboxError("network", `radvd ended: ${child.tail().slice(-5).join("\n")}`);
  });
  failed.catch(() => undefined);
  try {
    await waitFor(Promise.race([started, failed]), { signal: spec.signal, timeoutMs: 5000 });
  } catch (error) {
    await child.stop();
    throw error;
  }
  return child;
}
