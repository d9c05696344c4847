import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { createControlHandler } from "./control/control-handler.ts";
import { startControlServer } from "./control/control-server.ts";
import { register, registryDirectory, removeStale } from "./control/registry.ts";
import { nodeImageFiles, verifyBootFiles } from "./files/boot-files.ts";
import { findConfigRepo, makeConfigRepo } from "./files/config-repo.ts";
import { makeRunDirectory, type RunDirectory, removeRunDirectory, writeDataDirectory } from "./files/run-directory.ts";
import { allSettled, createFleet, type Fleet } from "./fleet.ts";
import { createNetwork, type IsolatedNetwork } from "./network/network.ts";
import { createNodeBoard, type NodeBoard } from "./nodes/node-board.ts";
import { checkMemory, type NodePlan, planNodes, SANDBOX_NETWORK } from "./nodes/node-plan.ts";
import type { NodeState } from "./nodes/node-state.ts";
import { diagnosisLines, nodeTable } from "./nodes/node-table.ts";
import { createPlainDisplay, createProgressDisplay, type ProgressDisplay } from "./nodes/progress-display.ts";
import type { ServerEvent } from "./nodes/server-event.ts";
import { createLifetime, type Lifetime } from "./process/lifetime.ts";
import { findTools } from "./process/tools.ts";
import { interrupted } from "./process/wait.ts";
import { probeKvmOnce } from "./qemu/kvm.ts";
import type { Accelerator } from "./qemu/qemu-arguments.ts";
import type { SandboxIo, SandboxOptions } from "./sandbox-options.ts";
import { startServer } from "./server-process.ts";

/** One run of the sandbox: what its parts share. */
interface Session {
  readonly options: SandboxOptions;
  readonly lifetime: Lifetime;
  readonly board: NodeBoard;
  readonly plans: readonly NodePlan[];
  readonly say: (...lines: readonly string[]) => void;
  /** `railhead sandbox stop`. */
  readonly stop: AbortController;
  /** The boot server has ended by itself; its reason is the error. */
  readonly crash: AbortController;
  /** Fires for these two and for the interrupt. */
  readonly signal: AbortSignal;
}

const EXIT_INTERRUPTED = 130;
const CONSOLE_LINES = 15;
const TICK_MS = 250;

/**
 * Runs a sandbox: an isolated network, a boot server in it, and blank virtual machines that boot from it.
 *
 * With `once` it ends when all nodes are running (0) or when one has failed or is late (1). Otherwise it shows the
 * nodes' table and stays until it is interrupted or stopped (0; 130 when not all nodes had been settled by then).
 * Whatever happens, it removes every process, network and file that it made, but the run directory if `keep`.
 *
 * @returns the exit code for the process
 * @throws SandboxError when the sandbox cannot be made or its server ends
 */
export async function runSandbox(options: SandboxOptions, io: SandboxIo): Promise<number> {
  const plans = planNodes(options);
  checkMemory(options.memoryMiB);
  const lifetime = createLifetime();
  const stop = new AbortController();
  const crash = new AbortController();
  const board = createNodeBoard(plans, () => performance.now());
  const signal = AbortSignal.any([io.signal, stop.signal, crash.signal]);
  const display = createProgressDisplay(io.stdout, board.all());
  const say = (...lines: readonly string[]): void => display.print(lines);
  try {
    return await conduct({ options, lifetime, board, plans, say, stop, crash, signal }, display);
  } catch (error) {
    if (crash.signal.aborted) {
      throw crash.signal.reason;
    }
    // Whatever fails once everything is being taken down fails because of that.
    if (!signal.aborted) {
      throw error;
    }
    return stop.signal.aborted ? 0 : EXIT_INTERRUPTED;
  } finally {
    display.finish();
    if (signal.aborted) {
      say("", "Removing the sandbox.");
    }
    const failures = await lifetime.release();
    say(...failures.map(({ resource, reason }) => `Not removed: ${resource}: ${reason}`));
  }
}

async function conduct(session: Session, display: ProgressDisplay): Promise<number> {
  const { options, board, say } = session;
  const tools = await findTools([
    "qemu-system-x86_64",
    "qemu-img",
    "setpriv",
    "unshare",
    "nsenter",
    "ip",
    "radvd",
    "git",
  ]);
  const directory = await openRunDirectory(session);
  let fleet: Fleet | undefined;
  await openControl(session, directory, () => fleet);
  await verifyAll(session);
  const accelerator = await chooseAccelerator(session, tools("qemu-system-x86_64"));
  const configRepo = await writeFiles(session, directory);
  const network = await openNetwork(session, directory);
  await openServer(session, { directory, network, configRepo });
  fleet = await createFleet(
    { ...options, ...session, network, directory, tools, accelerator, diskGiB: options.diskGiB },
    session.lifetime,
  );
  const settled = await bootAll(session, fleet, display);
  say("", ...nodeTable(board.all()));
  const bad = board.all().filter((node) => node.stage !== "running");
  for (const node of bad) {
    say("", ...diagnosisLines(node, await fleet.consoleTail(node.name, CONSOLE_LINES)));
  }
  if (!settled) {
    say("", `Not all nodes were running within ${options.timeoutSeconds} s.`);
  }
  if (options.once) {
    return bad.length === 0 ? 0 : 1;
  }
  say("", ...nextSteps(board.all(), configRepo, directory));
  return stay(session);
}

async function openRunDirectory({ options, lifetime }: Session): Promise<RunDirectory> {
  const registry = options.registry ?? registryDirectory();
  await removeStale(registry);
  const directory = await lifetime.acquire({
    resource: "run directory",
    acquire: () => makeRunDirectory(options.runDirectory),
    release: ({ path }) => (options.keep ? undefined : removeRunDirectory(path)),
  });
  const { path: runDirectory, controlSocket } = directory;
  await lifetime.acquire({
    resource: "entry of the running sandbox",
    acquire: () => register(registry, { runDirectory, controlSocket, keep: options.keep }),
    release: (unregister) => unregister(),
  });
  return directory;
}

async function openControl(session: Session, directory: RunDirectory, fleet: () => Fleet | undefined): Promise<void> {
  const { options, lifetime, board, stop, signal } = session;
  const { promise: removed, resolve } = Promise.withResolvers<void>();
  const handler = createControlHandler({ board, fleet, stop, removed, signal, ...options });
  await lifetime.acquire({
    resource: "control socket",
    acquire: () => startControlServer(directory.controlSocket, handler),
    release: (server) => server.close(),
  });
  // Released right before the control socket, after all that is acquired from here on: who asked to stop hears then.
  await lifetime.acquire({ resource: "answer to stop", acquire: () => undefined, release: () => resolve() });
}

async function verifyAll({ options, signal }: Session): Promise<void> {
  await Promise.all(
    [nodeImageFiles(options.nodeImageDirectory), ...(options.bootFiles ?? [])].map((files) =>
      verifyBootFiles(files, signal),
    ),
  );
}

async function chooseAccelerator({ options, say, signal }: Session, qemu: string): Promise<Accelerator> {
  const wanted = options.accelerator ?? "auto";
  if (wanted !== "auto") {
    return wanted;
  }
  const kernel = join(options.nodeImageDirectory, "vmlinuz");
  const probe = await probeKvmOnce({ qemu, kernel, signal }, { directory: options.cacheDirectory });
  say(probe.accelerator === "kvm" ? "Machines run with KVM." : `Machines are emulated (TCG): ${probe.reason}.`);
  return probe.accelerator;
}

/** Writes all that the server reads, and returns the path of the config repo. */
async function writeFiles({ options, plans, signal }: Session, directory: RunDirectory): Promise<string> {
  await writeDataDirectory(directory.data, options.exampleData, plans);
  const configRepo =
    options.configRepo === undefined
      ? await makeConfigRepo(join(directory.path, "config-repo"), options.exampleConfigRepo, signal)
      : await findConfigRepo(options.configRepo, signal);
  const settings = await options.writeSettings({
    settingsFile: directory.settingsFile,
    dataDirectory: directory.data,
    stateDirectory: directory.state,
    configRepo,
    nodeImageDirectory: options.nodeImageDirectory,
    ...SANDBOX_NETWORK,
  });
  await writeFile(directory.settingsFile, settings);
  return configRepo;
}

async function openNetwork({ lifetime, plans, signal }: Session, directory: RunDirectory): Promise<IsolatedNetwork> {
  const taps = plans.map((plan) => plan.tap);
  return lifetime.acquire({
    resource: "network",
    acquire: () => createNetwork({ address: SANDBOX_NETWORK.serverCidr, taps, directory: directory.network, signal }),
    release: (network) => network.close(),
  });
}

async function openServer(
  { options, lifetime, board, say, crash, signal }: Session,
  parts: { readonly directory: RunDirectory; readonly network: IsolatedNetwork; readonly configRepo: string },
): Promise<void> {
  const onEvent = (event: ServerEvent): void => {
    if (event.kind === "progress") {
      board.apply(event.progress.machine, { kind: "progress", progress: event.progress });
    } else if (event.kind === "problem") {
      say(`boot server: ${event.text}`);
    }
  };
  const { settingsFile, serverLog: logFile } = parts.directory;
  const { enter } = parts.network;
  const server = await lifetime.acquire({
    resource: "boot server",
    acquire: () =>
      startServer({
        command: options.serverCommand,
        settingsFile,
        configRepo: parts.configRepo,
        logFile,
        enter,
        onEvent,
        signal,
      }),
    release: (started) => started.stop(),
  });
  void server.exited.then((exit) => crash.abort(server.failure(exit)));
}

/** Powers all on and shows how they come up; false when the time has passed before all were settled. */
async function bootAll(
  { options, lifetime, board, signal }: Session,
  fleet: Fleet,
  display: ProgressDisplay,
): Promise<boolean> {
  const unlisten = board.listen(display.update);
  await lifetime.acquire({
    resource: "display",
    acquire: () => setInterval(() => display.tick(performance.now()), TICK_MS),
    release: (timer) => clearInterval(timer),
  });
  // A machine that does not start ends the waiting for the others too, and with it the timer that would keep the process.
  const over = new AbortController();
  const limits = { signal: AbortSignal.any([signal, over.signal]), timeoutMs: options.timeoutSeconds * 1000 };
  try {
    const [settled] = await Promise.all([board.until(() => allSettled(board), limits), fleet.powerOn()]);
    return settled;
  } finally {
    over.abort();
    display.finish();
    unlisten();
  }
}

/** Shows what happens, until somebody ends it. */
async function stay({ board, say, signal, crash }: Session): Promise<number> {
  const unlisten = board.listen(createPlainDisplay((line) => say(line)).update);
  const { promise, resolve } = Promise.withResolvers<void>();
  signal.addEventListener("abort", () => resolve(), { once: true });
  if (signal.aborted) {
    throw interrupted();
  }
  await promise;
  unlisten();
  if (crash.signal.aborted) {
    throw crash.signal.reason;
  }
  return 0;
}

function nextSteps(nodes: readonly NodeState[], configRepo: string, directory: RunDirectory): readonly string[] {
  const example = nodes.at(-1)?.name ?? "core-01";
  return [
    `Config repo: ${configRepo}`,
    `Consoles:    ${directory.consoles}`,
    `Server log:  ${directory.serverLog}`,
    `Commit to the config repo, then in another shell: sandbox reboot ${example}`,
    "Ctrl-C removes everything.",
  ];
}
