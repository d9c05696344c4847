import { join } from "node:path";
import { nodeImageFiles, verifyBootFiles } from "@railhead/sandbox";
import { bootOnce } from "../boot/boot-once.ts";
import { makeConfigRepo } from "../boot/config-repo.ts";
import { renderForPeer } from "../boot/render-for-peer.ts";
import { nodeImageDirectory } from "../needs.ts";
import { ratios } from "../report/summary.ts";
import { startPeer } from "../servers/peer.ts";
import { startRailhead } from "../servers/railhead.ts";
import { NETWORK } from "../servers/site.ts";
import type { Suite } from "../suite.ts";

const PAIRS = 3;

/** One machine from power-on to running, emulated: beside the same boot from dnsmasq and nginx. */
export const bootSuite: Suite = {
  name: "boot",
  needs: [
    ...(["root", "built command", "built agent", "node image", "iPXE binaries"] as const),
    ...(["curl", "dnsmasq", "git", "ip", "nginx", "nsenter", "qemu-img", "qemu-system-x86_64"] as const),
    ...(["radvd", "setpriv", "unshare"] as const),
  ],
  run: async (bench) => {
    const configRepo = join(bench.directory, "config-repo");
    const rendered = join(bench.directory, "rendered");
    await makeConfigRepo(configRepo);
    await renderForPeer(bench, rendered, `git://${NETWORK.serverAddress}/config-repo`);
    // Reads all of the image: the first boot finds it in the page cache as the others do.
    await verifyBootFiles(nodeImageFiles(nodeImageDirectory()), bench.signal);
    const railhead: number[] = [];
    const peer: number[] = [];
    for (let pair = 1; pair <= PAIRS; pair += 1) {
      const ours = await bootOnce(bench, "railhead", (place) =>
        startRailhead(bench, { ...place, configRepo: { path: configRepo } }),
      );
      railhead.push(ours);
      const theirs = await bootOnce(bench, "dnsmasq and nginx", (place) =>
        startPeer(bench, { ...place, content: { rendered, configRepo } }),
      );
      peer.push(theirs);
      bench.say(`pair ${pair} of ${PAIRS}: railhead ${ours.toFixed(1)} s, dnsmasq and nginx ${theirs.toFixed(1)} s`);
    }
    return [
      { what: "from railhead, power-on to running", unit: "s", samples: railhead },
      { what: "from dnsmasq and nginx, power-on to running", unit: "s", samples: peer },
      {
        what: "railhead / dnsmasq and nginx, pair by pair",
        unit: "ratio",
        samples: ratios(railhead, peer),
        target: 1.5,
      },
    ];
  },
};
