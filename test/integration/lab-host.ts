import { type Argv, type Lab, runOrThrow } from "@railhead/testkit";

/** Where a client of an operating system runs: a lab's client side, or a host that was added to the lab. */
export interface ClientSide {
  /** For the clients' files. */
  readonly directory: string;
  readonly network: { readonly inClient: (argv: Argv) => Argv };
}

export interface Cable {
  /** The name of the near end, in the namespace that the host is attached to. */
  readonly device: string;
  /** The near end's address, with its prefix length. */
  readonly address?: string;
  /** A bridge of that namespace that the near end becomes a port of. */
  readonly bridge?: string;
  /** The host's own address, with its prefix length. */
  readonly hostAddress?: string;
}

let hosts = 0;

/**
 * Adds a host to a lab: a namespace of its own on a cable, whose far end is `eth0`. It ends with the lab.
 *
 * @param enter makes a command run inside the namespace that the host is attached to
 */
export async function attachHost(lab: Lab, enter: (argv: Argv) => Argv, cable: Cable): Promise<ClientSide> {
  hosts += 1;
  // The name says whose it is, so that a later run removes what a killed one left behind.
  const name = `railhead-test-${process.pid}-host-${hosts}`;
  await runOrThrow(["ip", "netns", "add", name]);
  lab.adopt({
    async [Symbol.asyncDispose]() {
      await runOrThrow(["ip", "netns", "del", name]);
    },
  });
  const { device, address, bridge, hostAddress } = cable;
  const near = [
    `link add ${device} type veth peer name eth0 netns ${name}`,
    ...(address === undefined ? [] : [`addr add ${address} dev ${device}`]),
    ...(bridge === undefined ? [] : [`link set ${device} master ${bridge}`]),
    `link set ${device} up`,
  ];
  const far = [
    "link set lo up",
    ...(hostAddress === undefined ? [] : [`addr add ${hostAddress} dev eth0`]),
    "link set eth0 up",
    // As on the lab's client side: lets an ordinary socket broadcast without an address.
    "route add 255.255.255.255 dev eth0",
  ];
  const inClient = (argv: Argv): Argv => ["nsenter", `--net=/run/netns/${name}`, "--", ...argv];
  await runOrThrow(enter(["ip", "-batch", "-"]), { input: `${near.join("\n")}\n` });
  await runOrThrow(inClient(["ip", "-batch", "-"]), { input: `${far.join("\n")}\n` });
  return { directory: lab.directory, network: { inClient } };
}

/** Makes the lab's client side a switch, `br0`, that further hosts may be attached to; the server is on it too. */
export async function makeSwitch(lab: Lab): Promise<void> {
  const lines = ["link add br0 type bridge", "link set br0 up", "link set eth0 master br0"];
  await runOrThrow(lab.network.inClient(["ip", "-batch", "-"]), { input: `${lines.join("\n")}\n` });
}
