import { join } from "node:path";
import { build } from "esbuild";

/**
 * The agent and its libraries as one CommonJS file, which is what a single executable can hold.
 *
 * `import.meta` has no meaning there; esbuild would only warn and leave `undefined` in its place, to be
 * found on a node at boot, so it is an error.
 */
export async function bundleAgent(root: string, version: string): Promise<string> {
  const result = await build({
    absWorkingDir: root,
    entryPoints: [join(root, "packages/agent/src/main.ts")],
    bundle: true,
    write: false,
    platform: "node",
    format: "cjs",
    target: "node24",
    conditions: ["railhead-source"],
    define: { RAILHEAD_AGENT_VERSION: JSON.stringify(version) },
    minifySyntax: true,
    minifyWhitespace: true,
    legalComments: "none",
    logLevel: "warning",
    logOverride: { "empty-import-meta": "error" },
  });
  const [file] = result.outputFiles;
  if (file === undefined) throw new Error("esbuild made no bundle");
  return file.text;
}
