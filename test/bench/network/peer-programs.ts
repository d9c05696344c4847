import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync, renameSync, rmSync } from "node:fs";
import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { runOrThrow } from "@railhead/testkit";
import type { Bench } from "../suite.ts";

/**
 * Packages whose daemons start by themselves once they are installed, and libraries that nothing else needs: they are
 * unpacked into a cache folder instead, and no script of theirs runs.
 */
const PACKAGES = [
  ...(["kea-dhcp4-server", "kea-common", "kea-admin", "liblog4cplus-2.0.5", "libmariadb3"] as const),
  ...(["isc-dhcp-server", "tftpd-hpa", "atftpd"] as const),
] as const;

const PROGRAMS = {
  kea: "usr/sbin/kea-dhcp4",
  perfdhcp: "usr/sbin/perfdhcp",
  dhcpd: "usr/sbin/dhcpd",
  "in.tftpd": "usr/sbin/in.tftpd",
  atftpd: "usr/sbin/atftpd",
} as const;

export interface PeerPrograms {
  readonly path: (program: keyof typeof PROGRAMS) => string;
  /** What they need in their environment. */
  readonly environment: Readonly<Record<string, string>>;
}

const LIBRARIES = ["usr/lib", `usr/lib/${process.arch === "arm64" ? "aarch64" : "x86_64"}-linux-gnu`];

/** Downloads the packages with apt, once for each release of Debian, and unpacks them. */
export async function peerPrograms({ say, signal }: Bench): Promise<PeerPrograms> {
  const release = execFileSync("sh", ["-c", '. /etc/os-release && echo "$VERSION_CODENAME"'], { encoding: "utf8" });
  const cache = join(process.env["RAILHEAD_CACHE"] ?? "/var/cache/railhead", "bench-peers");
  const root = join(cache, release.trim());
  if (!existsSync(root)) {
    say("downloading the peers from Debian");
    const made = `${root}.${process.pid}`;
    mkdirSync(made, { recursive: true });
    try {
      await runOrThrow(["apt-get", "download", ...PACKAGES], { cwd: made });
      for (const file of await readdir(made)) {
        signal.throwIfAborted();
        if (file.endsWith(".deb")) await runOrThrow(["dpkg", "-x", join(made, file), made]);
      }
      renameSync(made, root);
    } finally {
      rmSync(made, { recursive: true, force: true });
    }
  }
  return {
    path: (program) => join(root, PROGRAMS[program]),
    environment: { LD_LIBRARY_PATH: LIBRARIES.map((folder) => join(root, folder)).join(":") },
  };
}
