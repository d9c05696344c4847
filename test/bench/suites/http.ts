import { randomBytes } from "node:crypto";
import { mkdir, open, readFile } from "node:fs/promises";
import { join } from "node:path";
import { runOrThrow } from "@railhead/testkit";
import { pathOf } from "../needs.ts";
import { layCable, SITE } from "../network/cable.ts";
import { HTTP_PORT } from "../network/dhcp-servers.ts";
import { type StartFiles, startNginx, startRailheadFiles } from "../network/file-servers.ts";
import { peerPrograms } from "../network/peer-programs.ts";
import { preferThisSession } from "../network/preference.ts";
import { ratios } from "../report/summary.ts";
import { scoped } from "../scope.ts";
import type { Bench, Row, Suite } from "../suite.ts";

const ROUNDS = 5;
const MEBIBYTES = 512;
/** Megabytes a second that the fastest cable of most racks carries: more is of no use to anybody. */
const TEN_GIGABIT = 1250;
const URL_OF_FILE = `http://${SITE.server}:${HTTP_PORT}/assets/image`;

/** An image of 512 MiB over HTTP, to one client and to eight at once, beside nginx. */
export const httpSuite: Suite = {
  name: "http",
  group: "network",
  needs: ["root", "built command", "curl", "dpkg", "ip", "nginx", "nsenter", "setpriv", "unshare"],
  run: async (bench) => {
    await preferThisSession(bench);
    const root = join(bench.directory, "root");
    await mkdir(root);
    await writeImage(bench, join(root, "image"));
    const [cable, programs] = [await layCable(bench), await peerPrograms(bench)];
    const once = (what: string, start: StartFiles, clients: number) =>
      scoped(bench, what, async (lifetime) => {
        bench.signal.throwIfAborted();
        await lifetime.acquire({
          resource: what,
          acquire: () => start({ bench, cable, programs, root }),
          release: (daemon) => daemon.stop(),
        });
        const fetch = () =>
          runOrThrow(cable.client.enter([pathOf("curl"), "--silent", "--fail", "--output", "/dev/null", URL_OF_FILE]));
        await fetch(); // both sides' code and caches warm up
        const begin = performance.now();
        await Promise.all(Array.from({ length: clients }, fetch));
        return (clients * MEBIBYTES * 1024 * 1024) / 1e3 / (performance.now() - begin);
      });
    const rows: Row[] = [];
    for (const clients of [1, 8]) {
      const [railhead, nginx]: [number[], number[]] = [[], []];
      for (let round = 0; round < ROUNDS; round += 1) {
        railhead.push(await once("railhead", startRailheadFiles, clients));
        nginx.push(await once("nginx", startNginx, clients));
      }
      const what = clients === 1 ? "1 client" : `${clients} clients`;
      bench.say(`${what}: done`);
      rows.push(
        { what: `${what}: railhead`, unit: "MB/s", samples: railhead, atLeast: TEN_GIGABIT },
        { what: `${what}: nginx`, unit: "MB/s", samples: nginx },
        { what: `${what}: railhead / nginx`, unit: "ratio", samples: ratios(railhead, nginx), atLeast: 0.8 },
      );
    }
    return rows;
  },
};

/** No zeros, which the file system could leave out; in the page cache afterwards. */
async function writeImage({ signal }: Bench, path: string): Promise<void> {
  const part = randomBytes(1024 * 1024);
  const file = await open(path, "w");
  try {
    for (let written = 0; written < MEBIBYTES; written += 1) {
      signal.throwIfAborted();
      await file.write(part);
    }
  } finally {
    await file.close();
  }
  await readFile(path);
}
