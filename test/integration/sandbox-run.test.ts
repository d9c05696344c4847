import { type ChildProcess, spawn } from "node:child_process";
import { createHash, randomUUID } from "node:crypto";
import { once } from "node:events";
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { controlSandbox, type SandboxOptions } from "@railhead/sandbox";
import { describe, expect, onTestFinished, test } from "vitest";

// The sandbox with real networks and real machines, but with a server that only says that it is ready: machines never
// get beyond their firmware.

const RUN_SANDBOX = fileURLToPath(new URL("./fixtures/run-sandbox.ts", import.meta.url));
const READY = `echo '{"event":"server.ready"}'`;

interface Run {
  readonly child: ChildProcess;
  readonly output: () => string;
  readonly exitCode: Promise<number | null>;
  readonly runDirectory: string;
  readonly registry: string;
  /** Its processes, direct and indirect, which all have inherited a mark of this run: PID and command. */
  readonly processes: () => Promise<readonly string[]>;
}

async function makeExample(folder: string): Promise<void> {
  const files = { vmlinuz: "kernel", "live.img": "image" };
  const described = Object.entries(files).map(([name, text]) => [
    name,
    { sha256: createHash("sha256").update(text).digest("hex") },
  ]);
  await mkdir(join(folder, "image"));
  for (const [name, text] of Object.entries({
    ...files,
    "manifest.json": JSON.stringify({ files: Object.fromEntries(described) }),
  })) {
    await writeFile(join(folder, "image", name), text);
  }
  await mkdir(join(folder, "data"));
  await mkdir(join(folder, "repo"));
  await writeFile(join(folder, "repo", "worker-systemd-units.txt"), "");
}

async function start(server: string, options: Partial<SandboxOptions> = {}): Promise<Run> {
  const folder = await mkdtemp(join(tmpdir(), "railhead-sandbox-test-"));
  await makeExample(folder);
  const all: Omit<SandboxOptions, "writeSettings"> = {
    ...{ nodes: 2, managers: 1, firmware: ["bios", "uefi"], memoryMiB: 512, diskGiB: 1, accelerator: "tcg" },
    ...{ once: false, keep: false, timeoutSeconds: 60 },
    runDirectory: join(folder, "run"),
    registry: join(folder, "registry"),
    cacheDirectory: join(folder, "cache"),
    nodeImageDirectory: join(folder, "image"),
    exampleData: join(folder, "data"),
    exampleConfigRepo: join(folder, "repo"),
    serverCommand: ["sh", "-c", server],
    ...options,
  };
  const mark = `RAILHEAD_TEST_RUN=${randomUUID()}`;
  const child = spawn(process.execPath, ["--conditions=railhead-source", RUN_SANDBOX, JSON.stringify(all)], {
    env: { ...process.env, RAILHEAD_TEST_RUN: mark.split("=")[1] },
    stdio: ["ignore", "pipe", "inherit"],
  });
  let output = "";
  child.stdout.setEncoding("utf8").on("data", (text: string) => (output += text));
  const exitCode = once(child, "close").then(([code]: (number | null)[]) => code ?? null);
  onTestFinished(async () => {
    child.kill("SIGKILL");
    await exitCode;
    await rm(folder, { recursive: true, force: true, maxRetries: 5 });
  });
  return {
    ...{ child, exitCode, runDirectory: join(folder, "run"), registry: join(folder, "registry") },
    output: () => output,
    processes: () => processesMarked(mark),
  };
}

async function processesMarked(mark: string): Promise<readonly string[]> {
  const pids = (await readdir("/proc")).filter((entry) => /^\d+$/.test(entry));
  const read = (pid: string, file: string): Promise<string> => readFile(`/proc/${pid}/${file}`, "utf8").catch(() => "");
  const found = await Promise.all(
    pids.map(async (pid) =>
      (await read(pid, "environ")).includes(mark) ? [`${pid} ${await read(pid, "cmdline")}`] : [],
    ),
  );
  return found.flat();
}

async function expectNothingLeft(run: Run): Promise<void> {
  // A network namespace lives as long as a process in it, so that there is none either.
  await expect.poll(run.processes, { timeout: 5000 }).toEqual([]);
  expect(await readdir(join(run.runDirectory, ".."))).not.toContain("run");
  expect(await readdir(run.registry).catch(() => [])).toEqual([]);
}

describe("a sandbox that is interrupted", () => {
  test.each([50, 250, 300, 350, 400, 450, 500, 600, 800, 1500])(
    "%i ms after its start leaves nothing",
    async (milliseconds) => {
      const run = await start(`${READY}; exec sleep 600`);
      await sleep(milliseconds);
      run.child.kill(milliseconds % 100 === 0 ? "SIGINT" : "SIGTERM");
      // `null` while Node itself was still starting.
      expect([130, null]).toContain(await run.exitCode);
      await expectNothingLeft(run);
    },
  );

  test("leaves nothing although its server does not want to end", async () => {
    const run = await start(`trap '' TERM; ${READY}; while :; do sleep 1; done`);
    await expect.poll(run.output, { timeout: 20_000 }).toContain("core-02    0.0 s  powered on");
    run.child.kill("SIGINT");
    expect(await run.exitCode).toBe(130);
    await expectNothingLeft(run);
  });

  test("by kill -9 leaves no process, and the next one removes its files", async () => {
    const run = await start(`${READY}; exec sleep 600`);
    await expect.poll(run.output, { timeout: 20_000 }).toContain("core-02    0.0 s  powered on");
    // The sandbox, the namespace's holder, radvd and its helper, the server, two machines.
    expect((await run.processes()).length).toBeGreaterThanOrEqual(6);
    run.child.kill("SIGKILL");
    await run.exitCode;
    await expect.poll(run.processes, { timeout: 5000 }).toEqual([]);
    const next = await start("exit 1", { registry: run.registry });
    expect(await next.exitCode).toBe(2);
    await expectNothingLeft(run);
  });
});

describe("a sandbox", () => {
  test("whose server does not start says why, and leaves nothing", async () => {
    const run = await start("echo 'port 67 is in use' >&2; exit 1");
    expect(await run.exitCode).toBe(2);
    expect(run.output()).toContain("error: the boot server ended with exit code 1\nport 67 is in use");
    await expectNothingLeft(run);
  });

  test("whose server ends later says so, and leaves nothing", async () => {
    const run = await start(`${READY}; sleep 2; echo 'out of memory' >&2; exit 7`);
    expect(await run.exitCode).toBe(2);
    expect(run.output()).toMatch(/error: the boot server ended with exit code 7\n[^]*out of memory/);
    await expectNothingLeft(run);
  });

  test("whose machines cannot be started says why at once, and leaves nothing", async () => {
    const run = await start(`${READY}; exec sleep 600`, { memoryMiB: 9_000_000 });
    expect(await run.exitCode).toBe(2);
    expect(run.output()).toMatch(/error: core-0[12]: QEMU did not start: .*memory/);
    await expectNothingLeft(run);
  });

  test("run once fails when a machine dies, and shows what is known of it", async () => {
    const run = await start(`${READY}; exec sleep 600`, { once: true, nodes: 1, firmware: ["bios"] });
    await expect.poll(run.output, { timeout: 20_000 }).toContain("powered on");
    const isMachine = (entry: string): boolean => entry.includes("guest=core-01");
    await expect.poll(async () => (await run.processes()).filter(isMachine)).toHaveLength(1);
    // The monitor has answered by then, which makes the machine's end an event of its own.
    await sleep(1000);
    const [machine] = (await run.processes()).filter(isMachine);
    process.kill(Number.parseInt(machine ?? "", 10), "SIGKILL");
    expect(await run.exitCode).toBe(1);
    expect(run.output()).toContain("core-01 is not running: failed\n  reason: QEMU ended with signal SIGKILL");
    await expectNothingLeft(run);
  });

  test("run once fails when its machines are late, and shows their consoles", async () => {
    const run = await start(`${READY}; exec sleep 600`, {
      once: true,
      nodes: 1,
      firmware: ["bios"],
      timeoutSeconds: 8,
    });
    expect(await run.exitCode).toBe(1);
    expect(run.output()).toContain("core-01 is not running: powered on\n  end of its console:");
    expect(run.output()).toContain("iPXE");
    expect(run.output()).toContain("Not all nodes were running within 8 s.");
    await expectNothingLeft(run);
  });

  test("run once succeeds when its machines are running, and keeps its files if that is wanted", async () => {
    const running =
      '{"event":"machine.progress","machine":"core-01","stage":"running","unitsOk":3,"unitsTotal":3,"revision":"0123456789"}';
    const run = await start(`${READY}; sleep 2; echo '${running}'; exec sleep 600`, {
      once: true,
      keep: true,
      nodes: 1,
      firmware: ["bios"],
    });
    expect(await run.exitCode).toBe(0);
    expect(run.output()).toMatch(/core-01 .* 10\.77\.0\.11 .* manager .* running .* 3 of 3 ok .* 0123456/);
    expect(run.output()).not.toContain("\x1b");
    expect(await run.processes()).toEqual([]);
    expect(await readdir(run.runDirectory)).toEqual(
      expect.arrayContaining(["config-repo", "consoles", "data", "server.log"]),
    );
  });

  test("is asked by second processes", async () => {
    const running = '{"event":"machine.progress","machine":"core-01","stage":"running"}';
    const server = `${READY}; while :; do sleep 1; echo '${running}'; done`;
    const run = await start(server, { nodes: 1, firmware: ["bios"], shutdownSeconds: 0.1 });
    const ask = async (request: Parameters<typeof controlSandbox>[0]): Promise<readonly [number, string]> => {
      let text = "";
      const io = { registry: run.registry, stdout: { write: (part: string) => (text += part) } };
      return [await controlSandbox(request, io), text];
    };
    await expect.poll(run.output, { timeout: 20_000 }).toContain("Ctrl-C removes everything.");
    expect(await ask({ verb: "status" })).toEqual([0, expect.stringMatching(/core-01 .* running/)]);
    expect(await ask({ verb: "reboot", node: "core-09" })).toEqual([
      1,
      "no node is called core-09\nThere are core-01.\n",
    ]);
    const [exitCode, told] = await ask({ verb: "reboot", node: "core-01" });
    expect(told).toMatch(/shutting down\n[^]*power was cut[^]*powered on\n[^]*running\n/);
    expect(exitCode).toBe(0);
    expect(await ask({ verb: "stop" })).toEqual([0, "The sandbox is removed.\n"]);
    expect(await run.exitCode).toBe(0);
    await expectNothingLeft(run);
  });
});
