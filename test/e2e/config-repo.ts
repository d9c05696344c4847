import { execFileSync } from "node:child_process";
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { commitAll, ROOT } from "./sandbox-run.ts";

/** The example config repo, as a git repository that a test may change before and while nodes run it. */
export class ConfigRepo {
  readonly path: string;

  constructor() {
    this.path = mkdtempSync(join(tmpdir(), "rh-repo-"));
    cpSync(join(ROOT, "boot-assets/examples/config-repo"), this.path, { recursive: true });
    execFileSync("git", ["init", "--quiet", "--initial-branch=main", this.path]);
  }

  /** Writes a unit and puts it at the end of a role's list. */
  addUnit(role: string, name: string, text: string): void {
    writeFileSync(join(this.path, "systemd-units", name), text);
    const list = join(this.path, `${role}-systemd-units.txt`);
    writeFileSync(list, `${readFileSync(list, "utf8")}${name}\n`);
  }

  commit(message: string): string {
    return commitAll(this.path, message);
  }

  [Symbol.dispose](): void {
    rmSync(this.path, { recursive: true, force: true });
  }
}

/**
 * A unit that prints onto the console what the node's own journal says systemd did, each line marked: the proof of
 * the order comes from the node, not from what the agent claims.
 */
export const JOURNAL_WITNESS = `[Unit]
Description=Print what systemd did onto the console

[Service]
Type=oneshot
StandardOutput=tty
TTYPath=/dev/ttyS0
ExecStart=/bin/sh -c "journalctl -b -o cat --no-pager _PID=1 | grep -aE '^(Starting|Started|Finished|Listening on|Failed)' | sed 's/^/WITNESS /'"
`;

/** The lines of the witness on a console, in order, without the mark. */
export function witnessed(console: string): readonly string[] {
  return [...console.matchAll(/WITNESS ([^\r\n]*)/g)].map(([, line]) => line ?? "");
}
