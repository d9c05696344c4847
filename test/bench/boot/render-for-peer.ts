import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { createNetwork } from "@railhead/sandbox";
import { runOrThrow } from "@railhead/testkit";
import { pathOf } from "../needs.ts";
import { scoped } from "../scope.ts";
import { startRailhead } from "../servers/railhead.ts";
import { MACHINE, NETWORK, URL_OF_SERVER } from "../servers/site.ts";
import type { Bench } from "../suite.ts";

/**
 * Fetches from railhead what it would serve to the machine, so that the peer serves the same bytes: boot.ipxe, ipxe and
 * ignition. Only the config repo's URL differs, since no file server can serve a shallow clone.
 */
export async function renderForPeer(bench: Bench, folder: string, configRepoUrl: string): Promise<void> {
  await mkdir(folder);
  await scoped(bench, "rendering", async (lifetime) => {
    const { directory, signal } = bench;
    const network = await lifetime.acquire({
      resource: "network",
      acquire: () => createNetwork({ address: NETWORK.serverCidr, taps: [], directory, signal }),
      release: (made) => made.close(),
    });
    await startRailhead(bench, { network, lifetime, configRepo: { url: configRepoUrl } });
    for (const name of ["boot.ipxe", "ipxe", "ignition"]) {
      const url = `${URL_OF_SERVER}/${name}?mac=${MACHINE.mac}`;
      const curl = [pathOf("curl"), "--silent", "--show-error", "--fail", "--output", join(folder, name)] as const;
      await runOrThrow(network.enter([...curl, "--", url]));
    }
  });
}
