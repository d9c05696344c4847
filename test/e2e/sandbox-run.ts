import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { constants, tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

export const ROOT = fileURLToPath(new URL("../..", import.meta.url));
/** What the README tells a user to type. */
const SCRIPT = join(ROOT, "scripts/sandbox");
/** What that runs once everything is installed. */
const COMMAND = [join(ROOT, "node_modules/.bin/railhead"), "sandbox"];

/** A line of the table that the sandbox prints. */
export interface TableRow {
  readonly node: string;
  readonly mac: string;
  readonly address: string;
  readonly role: string;
  readonly state: string;
  readonly units: string;
  readonly revision: string;
}

/** A running `railhead sandbox`, as a user's shell has it. */
export class SandboxRun {
  readonly runDirectory: string;
  readonly #scratch: string;
  readonly #child: ChildProcess;
  readonly #exit: Promise<number>;
  #output = "";
  readonly #watchers = new Set<() => void>();

  private constructor([program = "", ...words]: readonly string[], options: readonly string[]) {
    this.#scratch = mkdtempSync(join(tmpdir(), "rh-e2e-"));
    this.runDirectory = join(this.#scratch, "run");
    this.#child = spawn(program, [...words, "--run-directory", this.runDirectory, ...options], {
      cwd: ROOT,
      stdio: ["ignore", "pipe", "pipe"],
    });
    for (const stream of [this.#child.stdout, this.#child.stderr]) {
      stream?.setEncoding("utf8").on("data", (text: string) => {
        this.#output += text;
        for (const watcher of this.#watchers) watcher();
      });
    }
    this.#exit = new Promise((resolve) => {
      this.#child.once("close", (code, signal) => {
        resolve(code ?? 128 + (signal === null ? 0 : constants.signals[signal]));
        for (const watcher of this.#watchers) watcher();
      });
    });
  }

  static start(...options: readonly string[]): SandboxRun {
    return new SandboxRun([SCRIPT], options);
  }

  /** Without installing first: for what happens in the first seconds. */
  static startCommand(...options: readonly string[]): SandboxRun {
    return new SandboxRun(COMMAND, options);
  }

  get output(): string {
    return this.#output;
  }

  get pid(): number {
    return this.#child.pid ?? 0;
  }

  /** Resolves when the output matches; fails with the whole output when the sandbox ends or time runs out. */
  async until(pattern: RegExp, seconds: number): Promise<void> {
    const deadline = Date.now() + seconds * 1000;
    while (!pattern.test(this.#output)) {
      const ended = this.#child.exitCode !== null || this.#child.signalCode !== null;
      if (ended || Date.now() > deadline) {
        throw new Error(`${ended ? "the sandbox ended" : `after ${seconds} s`}: no ${pattern} in\n${this.#output}`);
      }
      await new Promise<void>((resolve) => {
        const timer = setTimeout(done, 500);
        const watchers = this.#watchers;
        function done() {
          clearTimeout(timer);
          watchers.delete(done);
          resolve();
        }
        watchers.add(done);
      });
    }
  }

  signal(signal: NodeJS.Signals): void {
    this.#child.kill(signal);
  }

  async exitCode(seconds: number): Promise<number> {
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<never>((_, reject) => {
      timer = setTimeout(() => reject(new Error(`still running after ${seconds} s:\n${this.#output}`)), seconds * 1000);
    });
    try {
      return await Promise.race([this.#exit, late]);
    } finally {
      clearTimeout(timer);
    }
  }

  /** What a node's serial console has shown so far. */
  console(node: string): string {
    return readFileSync(join(this.runDirectory, "consoles", `${node}.log`), "latin1");
  }

  /** The config repo that the sandbox made. */
  get configRepo(): string {
    return join(this.runDirectory, "config-repo");
  }

  /** Runs a verb in a second process, as in a second shell. */
  verb(...words: readonly string[]): string {
    return execFileSync(SCRIPT, [...words, "--pid", String(this.pid)], {
      encoding: "utf8",
      timeout: 600_000,
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.signal("SIGINT");
    try {
      await this.exitCode(60);
    } finally {
      this.signal("SIGKILL");
      rmSync(this.#scratch, { recursive: true, force: true });
    }
  }
}

/** The rows of the last table in a text. */
export function lastTable(text: string): readonly TableRow[] {
  const lines = text.split("\n");
  const head = lines.findLastIndex((line) => line.startsWith("NODE "));
  const titles = [...(lines[head] ?? "").matchAll(/\S+(?: \S+)*/g)].map((match) => match.index);
  const rows: TableRow[] = [];
  for (const line of lines.slice(head + 1)) {
    if (!/^core-\d+ /.test(line)) break;
    const cells = titles.map((start, index) => line.slice(start, titles[index + 1]).trim());
    const [node = "", mac = "", address = "", role = "", state = "", units = "", revision = ""] = cells;
    rows.push({ node, mac, address, role, state, units, revision });
  }
  return rows;
}

/** A commit in a repository on this machine. */
export function commitAll(repo: string, message: string): string {
  const git = (...args: readonly string[]) =>
    execFileSync("git", ["-c", "user.name=Operator", "-c", "user.email=operator@lab.test", "-C", repo, ...args], {
      encoding: "utf8",
    });
  git("add", "--all");
  git("commit", "--quiet", "--message", message);
  return git("rev-parse", "HEAD").trim();
}
