import { readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";

const ARCHITECTURES = ["x64", "arm64"] as const;

const fileSchema = z.object({
  file: z.string().regex(/^[A-Za-z0-9._-]+$/),
  sha512: z.string().regex(/^[0-9a-f]{128}$/),
  size: z.int().min(1),
});

const catalogSchema = z.object({
  version: z.string().regex(/^[A-Za-z0-9.+-]+$/),
  executables: z.partialRecord(z.enum(ARCHITECTURES), fileSchema),
});

/** The agent's executables cannot be served. */
export class AgentCatalogError extends Error {
  override readonly name = "AgentCatalogError";
  readonly code = "bad-agent-catalog";
  readonly hint = "build the agent with `npm run build:agent`, or mend `agentDir`";
}

/** The agent's executables of one version, by architecture. */
export interface AgentCatalog {
  readonly version: string;
  /** The file of an architecture, for the version served; `undefined` for any other. */
  fileOf(version: string, architecture: string): { readonly path: string; readonly size: number } | undefined;
  /** `agent.version`, `agent.x64.url`, `agent.x64.sha512` for templates. */
  context(serverUrl: string): Record<string, unknown>;
}

/**
 * Reads `railhead-agent.json` of the directory that the agent was built into.
 *
 * @throws AgentCatalogError when it or a file that it names is missing or of another size
 */
export function readAgentCatalog(directory: string): AgentCatalog {
  const file = join(directory, "railhead-agent.json");
  const { version, executables } = parse(file);
  const files = new Map<string, { path: string; size: number; sha512: string }>();
  for (const architecture of ARCHITECTURES) {
    const entry = executables[architecture];
    if (entry === undefined) continue;
    const path = join(directory, entry.file);
    if (sizeOf(path) !== entry.size) throw new AgentCatalogError(`${path} is not the file that ${file} names`);
    files.set(architecture, { path, size: entry.size, sha512: entry.sha512 });
  }
  return {
    version,
    fileOf: (wanted, architecture) => (wanted === version ? files.get(architecture) : undefined),
    context: (serverUrl) => ({
      version,
      ...Object.fromEntries(
        [...files].map(([architecture, { sha512 }]) => [
          architecture,
          { url: `${serverUrl}/agent/${version}/${architecture}`, sha512 },
        ]),
      ),
    }),
  };
}

function parse(file: string): z.output<typeof catalogSchema> {
  try {
    return catalogSchema.parse(JSON.parse(readFileSync(file, "utf8")));
  } catch (cause) {
    throw new AgentCatalogError(`${file} cannot be used: ${cause instanceof Error ? cause.message : String(cause)}`, {
      cause,
    });
  }
}

function sizeOf(path: string): number | undefined {
  return statSync(path, { throwIfNoEntry: false })?.size;
}
