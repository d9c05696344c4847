import { randomBytes } from "node:crypto";
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { type BootLoadResult, bootLoad, percentile } from "../network/boot-load.ts";
import { layCable } from "../network/cable.ts";
import {
  type StartFiles,
  startAtftpd,
  startDnsmasqTftp,
  startRailheadFiles,
  startTftpdHpa,
} from "../network/file-servers.ts";
import { peerPrograms } from "../network/peer-programs.ts";
import { preferThisSession } from "../network/preference.ts";
import { scoped } from "../scope.ts";
import type { Row, Suite } from "../suite.ts";

const ROUNDS = 3;
const FILE = "boot.efi";
const FILE_BYTES = 1024 * 1024;

const SERVERS = {
  railhead: startRailheadFiles,
  "tftpd-hpa": startTftpdHpa,
  atftpd: startAtftpd,
  dnsmasq: startDnsmasqTftp,
} satisfies Readonly<Record<string, StartFiles>>;

type Name = keyof typeof SERVERS;

interface Load {
  readonly what: string;
  readonly atOnce: number;
  readonly total: number;
  readonly windowsize: number;
  readonly servers: readonly Name[];
  readonly atLeast: number;
}

const ALL: readonly Name[] = ["railhead", "tftpd-hpa", "atftpd", "dnsmasq"];
const LOADS: readonly Load[] = [
  ...[1, 50, 200].map((atOnce) => ({
    what: atOnce === 1 ? "1 client" : `${atOnce} clients`,
    atOnce,
    total: Math.max(20, atOnce * 2),
    windowsize: 1,
    servers: ALL,
    atLeast: 0.9,
  })),
  // The others do not know the option.
  {
    what: "50 clients, windowsize 16",
    atOnce: 50,
    total: 200,
    windowsize: 16,
    servers: ["railhead", "atftpd"],
    atLeast: 2,
  },
];

/** A boot file of 1 MiB by TFTP, beside the servers of the field. */
export const tftpSuite: Suite = {
  name: "tftp",
  group: "network",
  needs: ["root", "built command", "dnsmasq", "dpkg", "gcc", "ip", "nsenter", "setpriv", "unshare"],
  run: async (bench) => {
    await preferThisSession(bench);
    const root = join(bench.directory, "root");
    await mkdir(root);
    await writeFile(join(root, FILE), randomBytes(FILE_BYTES));
    const [cable, programs] = [await layCable(bench), await peerPrograms(bench)];
    const run = await bootLoad(bench, cable);
    const once = (name: Name, { atOnce, total, windowsize }: Load) =>
      scoped(bench, name, async (lifetime) => {
        bench.signal.throwIfAborted();
        await lifetime.acquire({
          resource: name,
          acquire: () => SERVERS[name]({ bench, cable, programs, root }),
          release: (daemon) => daemon.stop(),
        });
        const load = { stages: "t", windowsize, file: FILE } as const;
        await run({ ...load, atOnce: 1, total: 5 }); // both sides' code and caches warm up
        return run({ ...load, atOnce, total });
      });
    const rows: Row[] = [];
    for (const load of LOADS) {
      const results = new Map<Name, BootLoadResult[]>();
      for (let round = 1; round <= ROUNDS; round += 1) {
        for (const name of load.servers) results.set(name, [...(results.get(name) ?? []), await once(name, load)]);
      }
      const part = rowsOf(load, (name) => results.get(name) ?? []);
      bench.say(`${load.what}: done`);
      rows.push(...part);
    }
    return rows;
  },
};

function rowsOf({ what, servers, atLeast }: Load, of: (name: Name) => readonly BootLoadResult[]): readonly Row[] {
  const rates = (name: Name) => of(name).map(({ bytes, seconds }) => bytes / seconds / 1e6);
  const late = (name: Name) => of(name).map(({ tftp }) => percentile(tftp, 0.99));
  const peers = servers.filter((name) => name !== "railhead");
  const best = (figures: (name: Name) => readonly number[], choose: (...values: number[]) => number, round: number) =>
    choose(...peers.map((name) => figures(name)[round] ?? Number.NaN));
  return [
    ...servers.map((name): Row => ({ what: `${what}: ${name}`, unit: "MB/s", samples: rates(name) })),
    {
      what: `${what}: railhead / the best of the others`,
      unit: "ratio",
      samples: rates("railhead").map((rate, round) => rate / best(rates, Math.max, round)),
      atLeast,
    },
    ...servers.map((name): Row => ({ what: `${what}, p99 of a file: ${name}`, unit: "ms", samples: late(name) })),
    {
      what: `${what}, p99: railhead / the best of the others`,
      unit: "ratio",
      samples: late("railhead").map((milliseconds, round) => milliseconds / best(late, Math.min, round)),
      target: 1,
    },
  ];
}
