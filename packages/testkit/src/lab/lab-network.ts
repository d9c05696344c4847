import { readdirSync } from "node:fs";
import { isLeftBehind, labName } from "./lab-name.ts";
import { type Argv, runCommand, runOrThrow } from "./subprocess.ts";

/** Two namespaces joined by a cable. */
export interface LabNetwork extends AsyncDisposable {
  /** The same command, run on the server's side. */
  readonly inServer: (argv: Argv) => Argv;
  /** The same command, run on the client's side. */
  readonly inClient: (argv: Argv) => Argv;
  /** Drops a part of all packets, at random, in both directions. 0 mends the cable. */
  lose(percent: number): Promise<void>;
}

/** The client's end of the cable. */
export const CLIENT_INTERFACE = "eth0";
/** The server's end. */
export const SERVER_INTERFACE = "lan0";

const NAMESPACES = "/run/netns";

/**
 * Makes two namespaces, `railhead-test-PID-N-s`, which has the address, and `railhead-test-PID-N-c`, which has none,
 * and the cable between them. When one step fails, what was made before is removed.
 */
export async function createLabNetwork(serverAddress: string): Promise<LabNetwork> {
  const taken = await removeLeftBehind();
  const name = freeName(taken);
  const server = `${name}-s`;
  const client = `${name}-c`;
  await using made = new AsyncDisposableStack();
  for (const namespace of [server, client]) {
    await runOrThrow(["ip", "netns", "add", namespace]);
    made.defer(() => runOrThrow(["ip", "netns", "del", namespace]).then(() => undefined));
  }
  const steps: readonly (readonly [string, readonly string[]])[] = [
    [
      server,
      ["link set lo up", `link add ${SERVER_INTERFACE} type veth peer name ${CLIENT_INTERFACE} netns ${client}`],
    ],
    [server, [`addr add ${serverAddress} dev ${SERVER_INTERFACE}`, `link set ${SERVER_INTERFACE} up`]],
    // The route lets an ordinary socket broadcast from an interface without an address, as DHCP clients have to.
    [
      client,
      ["link set lo up", `link set ${CLIENT_INTERFACE} up`, `route add 255.255.255.255 dev ${CLIENT_INTERFACE}`],
    ],
  ];
  for (const [namespace, lines] of steps) {
    await runOrThrow(["ip", "-n", namespace, "-batch", "-"], { input: `${lines.join("\n")}\n` });
  }
  const kept = made.move();
  const enter =
    (namespace: string) =>
    (argv: Argv): Argv => ["nsenter", `--net=${NAMESPACES}/${namespace}`, "--", ...argv];
  return {
    inServer: enter(server),
    inClient: enter(client),
    async lose(percent) {
      for (const [inside, device] of [
        [enter(server), SERVER_INTERFACE],
        [enter(client), CLIENT_INTERFACE],
      ] as const) {
        await runOrThrow(inside(["nft", "-f", "-"]), { input: lossRules(device, percent) });
      }
    },
    [Symbol.asyncDispose]: () => kept.disposeAsync(),
  };
}

/** What comes in is lost, so that the sender does not learn of it. nftables, because kernels without netem have it. */
function lossRules(device: string, percent: number): string {
  const rules = ["add table netdev loss", "delete table netdev loss"];
  if (percent > 0) {
    rules.push(
      "add table netdev loss",
      `add chain netdev loss incoming { type filter hook ingress device ${device} priority 0; }`,
      `add rule netdev loss incoming numgen random mod 1000 < ${Math.round(percent * 10)} counter drop`,
    );
  }
  return `${rules.join("\n")}\n`;
}

function freeName(taken: readonly string[]): string {
  for (let number = 1; ; number += 1) {
    const name = labName(`${number}`);
    if (!taken.some((other) => other.startsWith(`${name}-`))) return name;
  }
}

/** Removes the namespaces of test processes that were killed. Returns the names of all others. */
async function removeLeftBehind(): Promise<readonly string[]> {
  const names = namespaceNames();
  const left = names.filter(isLeftBehind);
  // Another worker may be doing the same: what is gone is gone.
  for (const name of left) await runCommand(["ip", "netns", "del", name]);
  return names.filter((name) => !left.includes(name));
}

function namespaceNames(): readonly string[] {
  try {
    return readdirSync(NAMESPACES);
  } catch {
    return []; // no namespace with a name was ever made here
  }
}
