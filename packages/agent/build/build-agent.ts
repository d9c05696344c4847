/**
 * `npm run build:agent`: the agent as one executable for each architecture.
 *
 *     dist/railhead-agent-linux-x64
 *     dist/railhead-agent-linux-arm64
 *     dist/railhead-agent.json          version, and size and sha512 of each
 *
 * An executable is the pinned Node with the bundled agent inside it (Node's single executable
 * applications). Only the native one has V8's code cache, which saves some 20 ms of each start but is
 * made by running that very Node; the other is the same byte for byte whenever its inputs are.
 */
import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import {
  chmodSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { join, resolve } from "node:path";
import { parseArgs } from "node:util";
import { bundleAgent } from "./bundle.ts";
import { type Arch, nodeBinary } from "./node-binary.ts";

const ARCHES: readonly Arch[] = ["x64", "arm64"];
const BUILD_HOST = process.arch === "arm64" ? "arm64" : "x64";
/** Node's own mark of the place where postject says that there is something inside. */
const SENTINEL_FUSE = "NODE_SEA_FUSE_fce680ab2cc467b6e072b8b5df1996b2";
const CROSS_STRIP: Record<Arch, string> = { x64: "x86_64-linux-gnu-strip", arm64: "aarch64-linux-gnu-strip" };

interface Executable {
  readonly file: string;
  readonly size: number;
  readonly sha512: string;
  readonly stripped: boolean;
  /** Hash of all that went in; while it is the same there is nothing to build. */
  readonly inputs: string;
}

interface Manifest {
  readonly version: string;
  readonly node: string;
  readonly executables: Partial<Record<Arch, Executable>>;
}

const root = resolve(import.meta.dirname, "../../..");
const dist = join(root, "dist");
const manifestFile = join(dist, "railhead-agent.json");

function sha512(...parts: readonly (string | Uint8Array)[]): string {
  const hash = createHash("sha512");
  for (const part of parts) hash.update(part);
  return hash.digest("hex");
}

/** The strip program for `arch`, or `undefined` when this machine has none. */
function stripProgram(arch: Arch): string | undefined {
  const candidates = arch === BUILD_HOST ? ["strip", CROSS_STRIP[arch]] : [CROSS_STRIP[arch]];
  const directories = (process.env.PATH ?? "").split(":");
  return candidates.find((program) => directories.some((directory) => existsSync(join(directory, program))));
}

/** Makes the blob that Node looks for inside itself. Returns its file. */
function makeBlob(work: string, bundle: string, node: string, useCodeCache: boolean): string {
  writeFileSync(join(work, "agent.cjs"), bundle);
  const config = {
    main: "agent.cjs",
    output: "agent.blob",
    disableExperimentalSEAWarning: true,
    useCodeCache,
    // NODE_OPTIONS is for people who develop with Node; a service must not change its ways by it.
    execArgvExtension: "none",
  };
  writeFileSync(join(work, "sea.json"), JSON.stringify(config));
  execFileSync(node, ["--experimental-sea-config", "sea.json"], { cwd: work, stdio: ["ignore", "ignore", "inherit"] });
  return join(work, "agent.blob");
}

/**
 * Puts the blob into the executable. In a process of its own because postject's ELF library warns in many
 * lines about the sections that strip took away; they are shown only when it fails.
 */
function injectBlob(executable: string, blob: string): void {
  const postject = join(root, "node_modules/postject/dist/cli.js");
  const argv = [postject, executable, "NODE_SEA_BLOB", blob, "--sentinel-fuse", SENTINEL_FUSE];
  execFileSync(process.execPath, argv, { stdio: "pipe" });
}

function buildExecutable(arch: Arch, bundle: string, previous: Executable | undefined): Executable {
  const node = nodeBinary(root, arch);
  const strip = stripProgram(arch);
  const builder = readFileSync(import.meta.filename);
  const inputs = sha512(bundle, node.integrity, builder, BUILD_HOST, strip ?? "");
  const file = `railhead-agent-linux-${arch}`;
  const target = join(dist, file);
  if (previous?.inputs === inputs && existsSync(target) && sha512(readFileSync(target)) === previous.sha512) {
    console.log(`${file}: unchanged`);
    return previous;
  }
  const work = mkdtempSync(join(dist, ".build-"));
  try {
    const blob = makeBlob(work, bundle, nodeBinary(root, BUILD_HOST).path, arch === BUILD_HOST);
    const executable = join(work, file);
    copyFileSync(node.path, executable);
    chmodSync(executable, 0o755);
    // Before the blob goes in: strip would take it out again.
    if (strip !== undefined) execFileSync(strip, [executable], { stdio: "inherit" });
    injectBlob(executable, blob);
    const content = readFileSync(executable);
    renameSync(executable, target);
    const remark = strip === undefined ? `, not stripped (no ${CROSS_STRIP[arch]})` : "";
    console.log(`${file}: ${(content.length / 1e6).toFixed(1)} MB${remark}`);
    return { file, size: content.length, sha512: sha512(content), stripped: strip !== undefined, inputs };
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
}

function readManifest(): Manifest | undefined {
  try {
    return JSON.parse(readFileSync(manifestFile, "utf8"));
  } catch {
    // None yet, or half of one: build anew.
    return undefined;
  }
}

function writeManifest(manifest: Manifest): void {
  const temporary = `${manifestFile}.${process.pid}`;
  writeFileSync(temporary, `${JSON.stringify(manifest, undefined, 2)}\n`);
  renameSync(temporary, manifestFile);
}

async function main(): Promise<void> {
  const { values } = parseArgs({ options: { arch: { type: "string", multiple: true } } });
  const wanted = ARCHES.filter((arch) => values.arch === undefined || values.arch.includes(arch));
  if (wanted.length === 0) throw new Error(`--arch is one of ${ARCHES.join(", ")}`);
  mkdirSync(dist, { recursive: true });
  const { version } = JSON.parse(readFileSync(join(root, "packages/agent/package.json"), "utf8"));
  const bundle = await bundleAgent(root, version);
  let executables = readManifest()?.executables ?? {};
  for (const arch of wanted) {
    executables = { ...executables, [arch]: buildExecutable(arch, bundle, executables[arch]) };
    writeManifest({ version, node: nodeBinary(root, arch).version, executables });
  }
}

await main();
