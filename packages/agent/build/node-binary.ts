import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync } from "node:fs";
import { join } from "node:path";

export type Arch = "x64" | "arm64";

/** One of the Node executables that the lock file pins. */
export interface NodeBinary {
  readonly path: string;
  readonly version: string;
  /** Of the npm package, from the lock file. */
  readonly integrity: string;
}

/**
 * The Node executable for `arch`: the installed package, or for the architecture that npm leaves out on
 * this machine the same package fetched by npm into `node_modules/.cache` and checked against the lock.
 */
export function nodeBinary(root: string, arch: Arch): NodeBinary {
  const name = `node-linux-${arch}`;
  const { version, integrity } = lockedPackage(root, name);
  const installed = join(root, "node_modules", name, "bin", "node");
  if (existsSync(installed)) return { path: installed, version, integrity };
  const cached = join(root, "node_modules", ".cache", "railhead", `${name}-${version}`, "node");
  if (!existsSync(cached)) fetchNode(root, `${name}@${version}`, integrity, cached);
  return { path: cached, version, integrity };
}

function lockedPackage(root: string, name: string): { readonly version: string; readonly integrity: string } {
  const lock: { packages: Record<string, { version?: string; integrity?: string }> } = JSON.parse(
    readFileSync(join(root, "package-lock.json"), "utf8"),
  );
  const { version, integrity } = lock.packages[`node_modules/${name}`] ?? {};
  if (version === undefined || integrity === undefined) throw new Error(`package-lock.json does not pin ${name}`);
  return { version, integrity };
}

function fetchNode(root: string, spec: string, integrity: string, target: string): void {
  const directory = join(target, "..");
  mkdirSync(directory, { recursive: true });
  const work = mkdtempSync(join(directory, "fetch-"));
  try {
    const npm = [join(root, "node_modules", "npm", "bin", "npm-cli.js"), "pack", spec, "--pack-destination", work];
    execFileSync(process.execPath, [...npm, "--json", "--loglevel=error"], {
      cwd: work,
      stdio: ["ignore", "ignore", "inherit"],
    });
    const tarball = join(work, `${spec.replace("@", "-")}.tgz`);
    const actual = `sha512-${createHash("sha512").update(readFileSync(tarball)).digest("base64")}`;
    if (actual !== integrity) throw new Error(`${spec} has ${actual}, but package-lock.json pins ${integrity}`);
    execFileSync("tar", ["-xzf", tarball, "-C", work, "--strip-components=2", "package/bin/node"]);
    renameSync(join(work, "node"), target);
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
}
