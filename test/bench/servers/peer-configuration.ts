import { join } from "node:path";
import { LOCATIONS } from "../locations.ts";
import { HTTP_PORT, MACHINE, NETWORK, URL_OF_SERVER } from "./site.ts";

/** Where the peer has what it serves. */
export interface PeerFiles {
  /** Its own folder: configuration, leases, sockets. */
  readonly directory: string;
  /** boot.ipxe, ipxe and ignition, rendered for the one machine. Absent: nothing but `/healthz`. */
  readonly rendered: string | undefined;
  readonly nodeImage: string;
}

/** The same addresses and the same answers to firmware and iPXE as railhead's. Pure. */
export function dnsmasqConfiguration({ directory }: Pick<PeerFiles, "directory">): string {
  const { first, last } = NETWORK.pool;
  // A change of its group would make the kernel forget that dnsmasq is to die with this process.
  return `port=0
interface=br0
bind-interfaces
user=root
group=root
pid-file=
log-facility=-
dhcp-leasefile=${join(directory, "leases")}
dhcp-authoritative
no-ping
dhcp-range=${first},${last},255.255.255.0,1h
dhcp-host=${MACHINE.mac},${MACHINE.address},${MACHINE.name}
dhcp-option=option:router,${NETWORK.serverAddress}
domain=bench.test
dhcp-userclass=set:ipxe,iPXE
dhcp-boot=tag:!ipxe,undionly.kpxe
dhcp-boot=tag:ipxe,${URL_OF_SERVER}/boot.ipxe
# no-pxedhcp: iPXE would wait for a proxyDHCP server.
dhcp-option=encap:175,176,1b
enable-tftp
tftp-root=${LOCATIONS.ipxe}
`;
}

/** Where a process outside the network reaches nginx. Pure. */
export function probeSocket(directory: string): string {
  return join(directory, "nginx.sock");
}

/** Debian's defaults for a server of files, and railhead's paths. Pure. */
export function nginxConfiguration(files: PeerFiles): string {
  const { directory, rendered, nodeImage } = files;
  const temporary = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"].map(
    (name) => `  ${name}_temp_path ${join(directory, name)};`,
  );
  const scripts = ["boot.ipxe", "ipxe", "ignition"].map(
    (name) => `    location = /${name} { alias ${join(rendered ?? directory, name)}; }`,
  );
  return `daemon off;
user root;
worker_processes auto;
pid ${join(directory, "nginx.pid")};
error_log stderr warn;
events { worker_connections 768; }
http {
${temporary.join("\n")}
  sendfile on;
  tcp_nopush on;
  default_type application/octet-stream;
  access_log ${join(directory, "access.log")};
  server {
    listen ${NETWORK.serverAddress}:${HTTP_PORT};
    listen unix:${probeSocket(directory)};
${rendered === undefined ? "" : scripts.join("\n")}
    location /assets/ { alias ${nodeImage}/; }
    location ~ ^/agent/[^/]+/x64$ { alias ${LOCATIONS.agent}; }
    location = /reports { return 204; }
    location = /healthz { return 200; }
  }
}
`;
}
