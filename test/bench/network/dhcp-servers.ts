import { mkdirSync, writeFileSync } from "node:fs";
import { mkdtemp } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { SettingsInput } from "@railhead/boot-server";
import { LOCATIONS } from "../locations.ts";
import { pathOf } from "../needs.ts";
import type { Bench } from "../suite.ts";
import { type Cable, SITE } from "./cable.ts";
import { type Daemon, startDaemon } from "./daemon.ts";
import type { PeerPrograms } from "./peer-programs.ts";
import { prepareDnsmasq, prepareKea, prepareRailhead } from "./prepared-leases.ts";

/** What a DHCP server is started with. */
export interface DhcpPlace {
  readonly bench: Bench;
  readonly cable: Cable;
  readonly programs: PeerPrograms;
  /** Leases it holds already. */
  readonly leases: number;
}

export type StartDhcp = (place: DhcpPlace) => Promise<Daemon>;

export const HTTP_PORT = 8080;
const DHCP = [{ protocol: "udp", port: 67 }] as const;

async function ownFolder({ directory }: Bench, name: string): Promise<string> {
  return mkdtemp(join(directory, `${name}-`));
}

/** The settings of every suite of the network: an empty data directory, TFTP and HTTP beside DHCP. */
export function railheadSettings(folder: string, more: Partial<SettingsInput> = {}): SettingsInput {
  const { subnet, server, pool } = SITE;
  const data = join(folder, "data");
  mkdirSync(data, { recursive: true });
  return {
    stateDir: join(folder, "state"),
    dataPath: data,
    http: { address: server, port: HTTP_PORT },
    tftp: { root: data },
    networks: [{ name: "bench", subnet, serverAddress: server, pool, router: server, conflictCheck: false }],
    ...more,
  };
}

/** `railhead serve`, the built command, with its log in a file. */
export async function startRailheadServer(cable: Cable, folder: string, settings: SettingsInput): Promise<Daemon> {
  const configFile = join(folder, "railhead.yaml");
  writeFileSync(configFile, JSON.stringify(settings)); // JSON is YAML
  const profile = process.env["RAILHEAD_BENCH_NODE_OPTIONS"]; // for --cpu-prof
  return startDaemon({
    namespace: cable.server,
    argv: [process.execPath, ...(profile?.split(" ") ?? []), LOCATIONS.builtCommand, "serve", "--config", configFile],
    logFile: join(folder, "log"),
    ready: [...DHCP, { protocol: "udp", port: 69 }, { protocol: "tcp", port: HTTP_PORT }],
  });
}

export const startRailhead: StartDhcp = async ({ bench, cable, leases }) => {
  const folder = await ownFolder(bench, "railhead");
  await prepareRailhead(join(folder, "state"), leases);
  return startRailheadServer(cable, folder, railheadSettings(folder));
};

export const startFloor: StartDhcp = async ({ bench, cable }) => {
  const folder = await ownFolder(bench, "floor");
  const program = fileURLToPath(new URL("floor-program.ts", import.meta.url));
  return startDaemon({
    namespace: cable.server,
    argv: [process.execPath, program, SITE.server, join(folder, "journal")],
    logFile: join(folder, "log"),
    ready: DHCP,
  });
};

/** Single-threaded, as it is by default; its leases go to a file without fsync. */
export const startKea: StartDhcp = async ({ bench, cable, programs, leases }) => {
  const folder = await ownFolder(bench, "kea");
  await prepareKea(folder, leases);
  const configuration = {
    Dhcp4: {
      "interfaces-config": { interfaces: [SITE.serverInterface], "dhcp-socket-type": "udp" },
      "lease-database": { type: "memfile", persist: true, name: join(folder, "leases.csv"), "lfc-interval": 0 },
      "valid-lifetime": 3600,
      subnet4: [
        {
          subnet: SITE.subnet,
          pools: [{ pool: `${SITE.pool.first} - ${SITE.pool.last}` }],
          "option-data": [{ name: "routers", data: SITE.server }],
        },
      ],
      // Quieter than its default: no line for each lease.
      loggers: [{ name: "kea-dhcp4", severity: "WARN", output_options: [{ output: "stdout" }] }],
    },
  };
  const file = join(folder, "kea.json");
  writeFileSync(file, JSON.stringify(configuration));
  return startDaemon({
    namespace: cable.server,
    argv: [programs.path("kea"), "-c", file],
    environment: { ...programs.environment, KEA_PIDFILE_DIR: folder, KEA_LOCKFILE_DIR: folder },
    logFile: join(folder, "log"),
    ready: DHCP,
  });
};

export const startIscDhcpd: StartDhcp = async ({ bench, cable, programs }) => {
  const folder = await ownFolder(bench, "isc");
  const [configuration, leases] = [join(folder, "dhcpd.conf"), join(folder, "leases")];
  writeFileSync(leases, "");
  writeFileSync(
    configuration,
    `authoritative;
default-lease-time 3600;
ping-check false;
subnet 10.90.0.0 netmask 255.255.0.0 {
  range ${SITE.pool.first} ${SITE.pool.last};
  option routers ${SITE.server};
}
`,
  );
  const options = ["-4", "-f", "-q", "--no-pid", "-cf", configuration, "-lf", leases, SITE.serverInterface];
  return startDaemon({
    namespace: cable.server,
    argv: [programs.path("dhcpd"), ...options],
    environment: programs.environment,
    logFile: join(folder, "log"),
    ready: DHCP,
  });
};

export const startDnsmasq: StartDhcp = async ({ bench, cable, leases }) => {
  const folder = await ownFolder(bench, "dnsmasq");
  await prepareDnsmasq(folder, leases);
  const options = [
    ...["--keep-in-foreground", "--conf-file=/dev/null", "--port=0", "--user=root", "--group=root", "--pid-file="],
    ...[`--interface=${SITE.serverInterface}`, "--bind-interfaces", "--no-ping", "--dhcp-authoritative"],
    ...[`--dhcp-leasefile=${join(folder, "leases")}`, "--dhcp-lease-max=60000"],
    ...["--quiet-dhcp", "--log-facility=-"],
    ...[
      `--dhcp-range=${SITE.pool.first},${SITE.pool.last},255.255.0.0,1h`,
      `--dhcp-option=option:router,${SITE.server}`,
    ],
  ];
  return startDaemon({
    namespace: cable.server,
    argv: [pathOf("dnsmasq"), ...options],
    logFile: join(folder, "log"),
    ready: DHCP,
  });
};
