import { randomBytes } from "node:crypto";
import { cp, mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { ipv4FromNumber, ipv4ToNumber, parseIpv4 } from "@railhead/wire";
import { LOCATIONS } from "../locations.ts";
import { type BootLoadResult, bootLoad, MACHINES, percentile } from "../network/boot-load.ts";
import { layCable } from "../network/cable.ts";
import { railheadSettings, startRailheadServer } from "../network/dhcp-servers.ts";
import { preferThisSession } from "../network/preference.ts";
import { scoped } from "../scope.ts";
import type { Bench, Row, Suite } from "../suite.ts";

const ROUNDS = 3;
const SIZES = [10, 100, 1000] as const;
const FILE = "undionly.kpxe";
const FILE_BYTES = 1024 * 1024;
const DECLARED = 1000;

interface Storm extends BootLoadResult {
  readonly megabytes: number;
}

/** Many machines that are switched on at once: DHCP, TFTP of 1 MiB, iPXE's scripts and Ignition, to the end. */
export const stormSuite: Suite = {
  name: "storm",
  group: "network",
  needs: ["root", "built command", "built agent", "gcc", "ip", "nsenter", "setpriv", "unshare"],
  run: async (bench) => {
    await preferThisSession(bench);
    const cable = await layCable(bench);
    const run = await bootLoad(bench, cable);
    const data = join(bench.directory, "data");
    const root = join(bench.directory, "root");
    await makeData(bench, data, root);
    const once = (machines: number): Promise<Storm> =>
      scoped(bench, `storm of ${machines}`, async (lifetime) => {
        bench.signal.throwIfAborted();
        const folder = join(bench.directory, `storm-${machines}-${performance.now().toFixed(0)}`);
        await mkdir(folder);
        const server = await lifetime.acquire({
          resource: "railhead",
          acquire: () =>
            startRailheadServer(
              cable,
              folder,
              railheadSettings(folder, {
                dataPath: data,
                tftp: { root },
                agentDir: LOCATIONS.agentDirectory,
                configRepo: { url: "https://git.example/cluster/config.git", ref: "main" },
              }),
            ),
          release: (daemon) => daemon.stop(),
        });
        const load = { stages: "dth", atOnce: machines, total: machines, windowsize: 1, file: FILE } as const;
        const result = await run(load);
        return { ...result, megabytes: server.peakMegabytes() };
      });
    const rows: Row[] = [];
    const medians: number[] = [];
    for (const machines of SIZES) {
      const storms: Storm[] = [];
      for (let round = 0; round < ROUNDS; round += 1) storms.push(await once(machines));
      bench.say(`${machines} machines: done`);
      medians.push(storms.map(({ seconds }) => seconds).toSorted((a, b) => a - b)[1] ?? Number.NaN);
      rows.push(...rowsOf(machines, storms));
    }
    const [, hundred = Number.NaN, thousand = Number.NaN] = medians;
    return [
      ...rows,
      {
        what: "1,000 machines / 100 machines, time until all are served",
        unit: "ratio",
        samples: [thousand / hundred],
      },
    ];
  },
};

function rowsOf(machines: number, storms: readonly Storm[]): readonly Row[] {
  const what = `${machines.toLocaleString("en")} machines`;
  const row = (name: string, unit: Row["unit"], figure: (storm: Storm) => number): Row => ({
    what: `${what}: ${name}`,
    unit,
    samples: storms.map(figure),
  });
  return [
    row("served to the end", "count", ({ finished }) => finished),
    row("until all are served", "s", ({ seconds }) => seconds),
    row("p50 of a machine", "ms", ({ all }) => percentile(all, 0.5)),
    row("p99 of a machine", "ms", ({ all }) => percentile(all, 0.99)),
    row("packets sent again by a machine, in all", "count", ({ resent }) => resent),
    row("peak resident memory of the server", "MB", ({ megabytes }) => megabytes),
  ];
}

/** The example's profile, groups and Ignition config for a thousand workers. */
async function makeData({ signal }: Bench, data: string, root: string): Promise<void> {
  for (const folder of ["groups", "profiles", "ignition"]) {
    await cp(join(LOCATIONS.exampleData, folder), join(data, folder), { recursive: true });
  }
  await mkdir(join(data, "machines"));
  for (let index = 0; index < DECLARED; index += 1) {
    signal.throwIfAborted();
    const name = `node-${String(index).padStart(4, "0")}`;
    const mac = `52:54:00:78:${hexByte(index >> 8)}:${hexByte(index & 255)}`;
    const address = ipv4FromNumber(ipv4ToNumber(parseIpv4(MACHINES.first)) + index);
    await writeFile(
      join(data, "machines", `${name}.json`),
      JSON.stringify({ name, macs: [mac], address, role: "worker" }),
    );
  }
  await mkdir(root);
  await writeFile(join(root, FILE), randomBytes(FILE_BYTES));
}

function hexByte(value: number): string {
  return value.toString(16).padStart(2, "0");
}
