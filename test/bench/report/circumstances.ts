import { execFileSync } from "node:child_process";
import { cpus, loadavg, release } from "node:os";
import { LOCATIONS } from "../locations.ts";

/** The load average of the last minute. */
export function loadNow(): number {
  return loadavg()[0] ?? 0;
}

/** When, where, on what and beside what else a suite has run: the line above its table. */
export function circumstances(suite: string, loadBefore: number): string {
  const processors = cpus();
  const when = new Date().toISOString().slice(0, 16).replace("T", " ");
  const where = `${processors.length} x ${processors[0]?.model ?? "unknown processor"}, Linux ${release()}, Node ${process.version}`;
  const besides = `load average ${loadBefore.toFixed(1)} before and ${loadNow().toFixed(1)} after`;
  const warning = loadBefore > processors.length / 2 ? " **The machine was busy with other work.**" : "";
  return `${when} UTC, \`npm run bench -- ${suite}\` at ${revision()}, on ${where}; ${besides}.${warning}`;
}

function revision(): string {
  const git = (...args: readonly string[]) =>
    execFileSync("git", ["-C", LOCATIONS.root, ...args], { encoding: "utf8" }).trim();
  try {
    const changed = git("status", "--porcelain", "--untracked-files=no", "--", "packages", "boot-assets");
    return `commit ${git("rev-parse", "--short=12", "HEAD")}${changed === "" ? "" : " with changes"}`;
  } catch {
    return "an unknown commit"; // a checkout without git's folder, or one of another user
  }
}
