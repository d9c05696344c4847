import { createNetwork } from "@railhead/sandbox";
import { ratios } from "../report/summary.ts";
import { scoped } from "../scope.ts";
import { startPeer } from "../servers/peer.ts";
import { startRailhead } from "../servers/railhead.ts";
import { NETWORK } from "../servers/site.ts";
import type { Suite } from "../suite.ts";

const RUNS = 10;
/** Nobody clones it here. */
const CONFIG_REPO = { url: "https://git.example/cluster/config.git" };

/** How long the boot server takes to be ready, beside the daemons it takes the place of. */
export const startSuite: Suite = {
  name: "start",
  needs: [
    ...(["root", "built command", "built agent", "node image", "iPXE binaries"] as const),
    ...(["dnsmasq", "nginx", "ip", "nsenter", "radvd", "setpriv", "unshare"] as const),
  ],
  run: async (bench) => {
    const { directory, signal } = bench;
    const network = await bench.lifetime.acquire({
      resource: "network",
      acquire: () => createNetwork({ address: NETWORK.serverCidr, taps: [], directory, signal }),
      release: (made) => made.close(),
    });
    bench.say(`starting railhead, and dnsmasq with nginx, ${RUNS} times each, in turn`);
    const railheadOnce = () =>
      scoped(bench, "run of railhead", (lifetime) =>
        startRailhead(bench, { network, lifetime, configRepo: CONFIG_REPO }),
      );
    const peerOnce = () => scoped(bench, "run of the peer", (lifetime) => startPeer(bench, { network, lifetime }));
    await railheadOnce(); // into the page cache
    await peerOnce();
    const railhead: number[] = [];
    const own: number[] = [];
    const peer: number[] = [];
    for (let run = 0; run < RUNS; run += 1) {
      const { milliseconds, ownMilliseconds } = await railheadOnce();
      railhead.push(milliseconds);
      own.push(ownMilliseconds);
      peer.push(await peerOnce());
    }
    return [
      { what: "`railhead serve`, spawn to `server.ready`", unit: "ms", samples: railhead, target: 1000 },
      { what: "of it, by the event's own `milliseconds`", unit: "ms", samples: own },
      { what: "dnsmasq and nginx together, spawn to ready", unit: "ms", samples: peer },
      { what: "railhead / dnsmasq and nginx, run by run", unit: "ratio", samples: ratios(railhead, peer) },
    ];
  },
};
