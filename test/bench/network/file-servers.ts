import { writeFileSync } from "node:fs";
import { mkdtemp } from "node:fs/promises";
import { join } from "node:path";
import { pathOf } from "../needs.ts";
import { enclosed } from "../process.ts";
import type { Bench } from "../suite.ts";
import { type Cable, SITE } from "./cable.ts";
import { type Daemon, startDaemon } from "./daemon.ts";
import { HTTP_PORT, railheadSettings, startRailheadServer } from "./dhcp-servers.ts";
import type { PeerPrograms } from "./peer-programs.ts";

/** What a server of files is started with. */
export interface FilesPlace {
  readonly bench: Bench;
  readonly cable: Cable;
  readonly programs: PeerPrograms;
  /** The folder that it serves. */
  readonly root: string;
}

export type StartFiles = (place: FilesPlace) => Promise<Daemon>;

const TFTP = [{ protocol: "udp", port: 69 }] as const;

function logIn({ bench }: FilesPlace, name: string): Promise<string> {
  return mkdtemp(join(bench.directory, `${name}-`));
}

/** TFTP, and HTTP under /assets/. */
export const startRailheadFiles: StartFiles = async (place) => {
  const folder = await logIn(place, "railhead");
  const settings = railheadSettings(folder, { tftp: { root: place.root }, assetsPath: place.root });
  return startRailheadServer(place.cable, folder, settings);
};

export const startTftpdHpa: StartFiles = async (place) =>
  startDaemon({
    namespace: place.cable.server,
    argv: enclosed(pathOf("unshare"), [
      place.programs.path("in.tftpd"),
      ...["-L", "-u", "root", "-a", `${SITE.server}:69`, "-s", place.root],
    ]),
    logFile: join(await logIn(place, "tftpd-hpa"), "log"),
    ready: TFTP,
  });

export const startAtftpd: StartFiles = async (place) => {
  const options = ["--daemon", "--no-fork", "--user", "root.root", "--maxthread", "1000", "--logfile", "-"];
  return startDaemon({
    namespace: place.cable.server,
    argv: [place.programs.path("atftpd"), ...options, "--bind-address", SITE.server, place.root],
    logFile: join(await logIn(place, "atftpd"), "log"),
    ready: TFTP,
  });
};

export const startDnsmasqTftp: StartFiles = async (place) => {
  const options = [
    ...["--keep-in-foreground", "--conf-file=/dev/null", "--port=0", "--user=root", "--group=root", "--pid-file="],
    ...[`--interface=${SITE.serverInterface}`, "--bind-interfaces", "--log-facility=-", "--quiet-tftp"],
    ...["--enable-tftp", `--tftp-root=${place.root}`, "--tftp-max=1000"],
  ];
  return startDaemon({
    namespace: place.cable.server,
    argv: [pathOf("dnsmasq"), ...options],
    logFile: join(await logIn(place, "dnsmasq"), "log"),
    ready: TFTP,
  });
};

/** As Debian configures it for files, in the foreground. */
export const startNginx: StartFiles = async (place) => {
  const folder = await logIn(place, "nginx");
  const configuration = join(folder, "nginx.conf");
  const temporary = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"].map(
    (name) => `  ${name}_temp_path ${join(folder, name)};`,
  );
  writeFileSync(
    configuration,
    `daemon off;
user root;
worker_processes auto;
pid ${join(folder, "nginx.pid")};
error_log stderr warn;
events { worker_connections 768; }
http {
${temporary.join("\n")}
  sendfile on;
  tcp_nopush on;
  default_type application/octet-stream;
  access_log ${join(folder, "access.log")};
  server {
    listen ${SITE.server}:${HTTP_PORT};
    location /assets/ { alias ${place.root}/; }
  }
}
`,
  );
  return startDaemon({
    namespace: place.cable.server,
    argv: enclosed(pathOf("unshare"), [pathOf("nginx"), "-p", folder, "-c", configuration]),
    logFile: join(folder, "log"),
    ready: [{ protocol: "tcp", port: HTTP_PORT }],
  });
};
