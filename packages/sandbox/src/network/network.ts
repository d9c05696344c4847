import { readdir, readlink } from "node:fs/promises";
import { type Child, startChild } from "../process/child.ts";
import { type Argv, runCommand } from "../process/command.ts";
import { acquireTogether } from "../process/lifetime.ts";
import { findTools } from "../process/tools.ts";
import { sleep, waitFor } from "../process/wait.ts";
import { SandboxError } from "../sandbox-error.ts";
import { startRouterAdvertisements } from "./router-advertisements.ts";

export interface NetworkSpec {
  /** The server's address on the bridge with its prefix length, for example "10.77.0.1/24". */
  readonly address: string;
  /** One tap for each machine, at most 15 characters each. */
  readonly taps: readonly string[];
  /** An existing folder for the configuration of the router advertisements. */
  readonly directory: string;
  readonly signal?: AbortSignal | undefined;
}

/** A network that nothing outside can reach and from which nothing leaves. */
export interface IsolatedNetwork {
  /** The process that holds the namespace; the namespace is /proc/PID/ns/net. */
  readonly holderPid: number;
  readonly bridge: string;
  /** The same command, run inside the network. */
  readonly enter: (argv: Argv) => Argv;
  readonly addTap: (name: string) => Promise<void>;
  readonly removeTap: (name: string) => Promise<void>;
  /** Ends every process that is still inside, then the network. Idempotent. */
  readonly close: () => Promise<void>;
}

export const BRIDGE = "br0";
/** The router's link-local address. Set by hand: a bridge gets its own only when the first machine is powered on. */
const ROUTER_LINK_LOCAL = "fe80::1/64";
const ROUTER_ADDRESS = "fd77::1/64";
const SWEEP_LIMIT_MS = 3000;

/**
 * Makes a network namespace without a name, held by a child of this process: however this process ends, the kernel
 * ends the child and with it removes the namespace, its bridge and its taps. Needs root.
 */
export async function createNetwork(spec: NetworkSpec): Promise<IsolatedNetwork> {
  if (process.getuid?.() !== 0) {
    throw new SandboxError("not-root", "network namespaces and taps can be made by root only", {
      hint: "Run it with sudo.",
    });
  }
  const tools = await findTools(["setpriv", "unshare", "nsenter", "ip", "radvd"]);
  return acquireTogether(async (lifetime) => {
    const holder = await lifetime.acquire({
      resource: "network namespace",
      acquire: () => holdNamespace(spec.signal),
      release: closeNamespace,
    });
    const enter = (argv: Argv): Argv => [tools("nsenter"), `--net=${namespacePath(holder.pid)}`, "--", ...argv];
    const configure = async (commands: readonly string[]): Promise<void> => {
      const input = `${commands.join("\n")}\n`;
      await runCommand(enter([tools("ip"), "-batch", "-"]), { input, signal: spec.signal });
    };
    await configure([...bridgeCommands(spec.address), ...spec.taps.flatMap(tapCommands)]);
    await lifetime.acquire({
      resource: "router advertisements",
      acquire: () => startRouterAdvertisements({ ...spec, radvd: tools("radvd"), interfaceName: BRIDGE, enter }),
      release: (child) => child.stop(2000),
    });
    return {
      holderPid: holder.pid,
      bridge: BRIDGE,
      enter,
      addTap: async (name) => configure(tapCommands(name)),
      removeTap: (name) => configure([`link del ${name}`]),
      close: async () => {
        const [failure] = await lifetime.release();
        if (failure !== undefined) {
          throw new SandboxError("network", `${failure.resource}: ${failure.reason}`);
        }
      },
    };
  });
}

/** The `ip -batch` lines that make the bridge. Pure. */
export function bridgeCommands(address: string): readonly string[] {
  return [
    "link set lo up",
    // A forwarding delay or the spanning tree would swallow a machine's first DHCPDISCOVERs; snooping without a
    // querier swallows multicast, and with it IPv6 neighbour discovery.
    `link add ${BRIDGE} type bridge stp_state 0 forward_delay 0 mcast_snooping 0`,
    `link set ${BRIDGE} addrgenmode none`,
    `addr add ${address} dev ${BRIDGE}`,
    `addr add ${ROUTER_LINK_LOCAL} dev ${BRIDGE} nodad`,
    `addr add ${ROUTER_ADDRESS} dev ${BRIDGE} nodad`,
    `link set ${BRIDGE} up`,
  ];
}

/** The `ip -batch` lines that make a machine's tap. Pure. Throws `bad-option` for a name that Linux refuses. */
export function tapCommands(name: string): readonly string[] {
  if (!/^[a-z][a-z0-9-]{0,14}$/.test(name)) {
    throw new SandboxError("bad-option", `${name} is not a name for a network interface`);
  }
  return [`tuntap add dev ${name} mode tap`, `link set ${name} master ${BRIDGE} up`];
}

/**
 * `cat` is the smallest holder: it echoes a word, which proves that it runs inside its namespace, and it ends when its
 * input does, so that even a missed parent-death signal leaves nothing.
 */
async function holdNamespace(signal: AbortSignal | undefined): Promise<Child> {
  const { promise: echoed, resolve } = Promise.withResolvers<undefined>();
  const holder = await startChild({ argv: ["unshare", "--net", "--", "cat"], onLine: () => resolve(undefined) });
  holder.stdin.write("ready\n");
  const failed = holder.exited.then((): never => {
    throw new SandboxError("network", `no network namespace can be made here: ${holder.tail().join(" ")}`);
  });
  try {
    await waitFor(Promise.race([echoed, failed]), { signal, timeoutMs: 5000 });
  } catch (error) {
    await holder.stop();
    throw error;
  }
  failed.catch(() => undefined);
  return holder;
}

/** Kills whatever is still inside, again and again, since it may have started others meanwhile; then the holder. */
async function closeNamespace(holder: Child): Promise<void> {
  const deadline = performance.now() + SWEEP_LIMIT_MS;
  for (let inside = await processesInside(holder.pid); inside.length > 0; inside = await processesInside(holder.pid)) {
    for (const pid of inside) {
      try {
        process.kill(pid, "SIGKILL");
      } catch {
        // It ended by itself.
      }
    }
    if (performance.now() > deadline) {
      break;
    }
    await sleep(5);
  }
  await holder.stop();
}

/** The processes, but the holder, whose network is the one that `holderPid` holds. */
export async function processesInside(holderPid: number): Promise<readonly number[]> {
  const namespace = await namespaceOf(holderPid);
  if (namespace === undefined || namespace === (await namespaceOf("self"))) {
    return [];
  }
  const pids = (await readdir("/proc")).filter((entry) => /^\d+$/.test(entry) && Number(entry) !== holderPid);
  const inside = await Promise.all(
    pids.map(async (pid) => ((await namespaceOf(pid)) === namespace ? [Number(pid)] : [])),
  );
  return inside.flat();
}

async function namespaceOf(pid: string | number): Promise<string | undefined> {
  return readlink(namespacePath(pid)).catch(() => undefined);
}

function namespacePath(pid: string | number): string {
  return `/proc/${pid}/ns/net`;
}
