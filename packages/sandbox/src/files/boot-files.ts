import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { readFile, stat } from "node:fs/promises";
import { join } from "node:path";
import { pipeline } from "node:stream/promises";
import { isJsonObject, parseJsonObject } from "../json-object.ts";
import { SandboxError } from "../sandbox-error.ts";

/** What a manifest says of one file. */
export interface ManifestEntry {
  readonly name: string;
  /** Lower-case hexadecimal. */
  readonly sha256: string;
  /** In bytes. */
  readonly size?: number;
}

export interface BootFiles {
  readonly directory: string;
  readonly manifest: string;
  /** Only these are checked: a machine boots from them. */
  readonly names: readonly string[];
  /** What to do when a file is not there or is not what the manifest says. */
  readonly hint: string;
}

/** The node image as `boot-assets/node-image/build` makes it: DIR/{vmlinuz,live.img,manifest.json}. */
export function nodeImageFiles(directory: string): BootFiles {
  return {
    directory,
    manifest: join(directory, "manifest.json"),
    names: ["vmlinuz", "live.img"],
    hint: `Build the node image again: npm run build:image (remove ${directory} first when it is damaged).`,
  };
}

/**
 * Checks files against their manifest before a machine boots from them: a truncated image fails in ways that nobody
 * traces back to it. Throws `missing-file`, `bad-manifest` or `checksum-mismatch`.
 */
export async function verifyBootFiles(files: BootFiles, signal?: AbortSignal): Promise<void> {
  const { manifest, hint } = files;
  const text = await readFile(manifest, "utf8").catch((cause: unknown) => {
    throw new SandboxError("missing-file", `${manifest} cannot be read`, { cause, hint });
  });
  const entries = parseManifest(text, manifest);
  for (const name of files.names) {
    const entry = entries.find((candidate) => candidate.name === name);
    if (entry === undefined) {
      throw new SandboxError("bad-manifest", `${manifest} does not list ${name}`, { hint });
    }
    await verifyFile(files, entry, signal);
  }
}

/**
 * Reads a manifest: `{ "files": { NAME: { "sha256": ..., "size"?: ... } } }`; other fields are for other readers.
 * Throws `bad-manifest`. Pure.
 */
export function parseManifest(text: string, path: string): readonly ManifestEntry[] {
  const files = parseJsonObject(text)?.["files"];
  if (!isJsonObject(files)) {
    throw new SandboxError("bad-manifest", `${path} is not a list of files with their sha256`);
  }
  return Object.entries(files).map(([name, fields]) => readEntry(name, fields, path));
}

function readEntry(name: string, fields: unknown, path: string): ManifestEntry {
  const { sha256, size } = isJsonObject(fields) ? fields : {};
  if (typeof sha256 !== "string" || !/^[0-9a-f]{64}$/.test(sha256)) {
    throw new SandboxError("bad-manifest", `${path} gives no sha256 for ${name}`);
  }
  return typeof size === "number" ? { name, sha256, size } : { name, sha256 };
}

async function verifyFile(
  { directory, hint }: BootFiles,
  entry: ManifestEntry,
  signal: AbortSignal | undefined,
): Promise<void> {
  const path = join(directory, entry.name);
  const { size } = await stat(path).catch((cause: unknown) => {
    throw new SandboxError("missing-file", `${path} is not there`, { cause, hint });
  });
  if (entry.size !== undefined && size !== entry.size) {
    throw new SandboxError("checksum-mismatch", `${path} has ${size} bytes, its manifest says ${entry.size}`, { hint });
  }
  const hash = createHash("sha256");
  await pipeline(createReadStream(path, { highWaterMark: 1 << 20 }), hash, { signal });
  if (hash.digest("hex") !== entry.sha256) {
    throw new SandboxError("checksum-mismatch", `${path} is not the file that its manifest describes (sha256)`, {
      hint,
    });
  }
}
