import { execFile } from "node:child_process";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";

/** Where the parts of this checkout are. This file's place in it is fixed: packages/cli/dist. */
const ROOT = fileURLToPath(new URL("../../..", import.meta.url));

export const LOCATIONS = {
  command: join(ROOT, "node_modules/.bin/railhead"),
  /** The agent's executables, as `npm run build:agent` makes them. */
  agent: join(ROOT, "dist"),
  exampleData: join(ROOT, "boot-assets/examples/data"),
  exampleConfigRepo: join(ROOT, "boot-assets/examples/config-repo"),
  ipxeManifest: join(ROOT, "boot-assets/ipxe/manifest.json"),
  /** Where Debian's package `ipxe` puts them. */
  ipxe: "/usr/lib/ipxe",
  buildImage: join(ROOT, "boot-assets/node-image/build"),
} as const;

/** What is built once and shared by all sandboxes of this machine. */
export function cacheDirectory(environment: Readonly<Record<string, string | undefined>>): string {
  return environment["RAILHEAD_CACHE"] ?? "/var/cache/railhead";
}

/** The directory of the node image that belongs to this checkout, whether it has been built or not. */
export async function nodeImageDirectory(): Promise<string> {
  const { stdout } = await promisify(execFile)(LOCATIONS.buildImage, ["--print-dir"]);
  return stdout.trim();
}
