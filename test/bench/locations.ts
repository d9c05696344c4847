import { join } from "node:path";
import { fileURLToPath } from "node:url";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));

export const LOCATIONS = {
  root: ROOT,
  document: join(ROOT, "docs/benchmarks.md"),
  /** The command as users have it; it runs what `npm run build` made. */
  railhead: join(ROOT, "node_modules/.bin/railhead"),
  builtCommand: join(ROOT, "packages/cli/dist/main.js"),
  agentDirectory: join(ROOT, "dist"),
  agent: join(ROOT, "dist/railhead-agent-linux-x64"),
  exampleData: join(ROOT, "boot-assets/examples/data"),
  exampleConfigRepo: join(ROOT, "boot-assets/examples/config-repo"),
  buildImage: join(ROOT, "boot-assets/node-image/build"),
  /** Where Debian's package `ipxe` puts them. */
  ipxe: "/usr/lib/ipxe",
  /** Debian's `git` has it in no PATH, and `git daemon` would be one more process. */
  gitDaemon: "/usr/lib/git-core/git-daemon",
} as const;
