import { readlinkSync } from "node:fs";
import { setTimeout } from "node:timers/promises";
import { type Argv, exitOf, runOrThrow, startChild } from "@railhead/testkit";
import { pathOf } from "../needs.ts";
import type { Bench } from "../suite.ts";

/** A cable between a server and a client, each in a network namespace of its own. */
export interface Cable {
  readonly server: Namespace;
  readonly client: Namespace;
}

export interface Namespace {
  /** /proc/PID/net is the namespace as files. */
  readonly pid: number;
  /** The same command, run inside. */
  readonly enter: (argv: Argv) => Argv;
}

/** The network of every suite: large enough for 50,000 leases. */
export const SITE = {
  subnet: "10.90.0.0/16",
  server: "10.90.0.1",
  client: "10.90.0.2",
  prefixLength: 16,
  pool: { first: "10.90.1.0", last: "10.90.200.255" },
  serverInterface: "pvs",
  clientInterface: "pvc",
} as const;

/** Namespaces without names, held by children that die with this process: nothing can be left behind. Needs root. */
export async function layCable(bench: Bench): Promise<Cable> {
  const server = await holdNamespace(bench, "server's namespace");
  const client = await holdNamespace(bench, "client's namespace");
  const ip = async (namespace: Namespace, lines: readonly string[]) =>
    runOrThrow(namespace.enter([pathOf("ip"), "-batch", "-"]), { input: `${lines.join("\n")}\n` });
  const { serverInterface, clientInterface, prefixLength } = SITE;
  await ip(server, [
    "link set lo up",
    `link add ${serverInterface} type veth peer name ${clientInterface} netns ${client.pid}`,
    `addr add ${SITE.server}/${prefixLength} dev ${serverInterface}`,
    `link set ${serverInterface} up`,
  ]);
  await ip(client, [
    "link set lo up",
    `addr add ${SITE.client}/${prefixLength} dev ${clientInterface}`,
    `link set ${clientInterface} up`,
  ]);
  return { server, client };
}

async function holdNamespace(bench: Bench, resource: string): Promise<Namespace> {
  const holder = await bench.lifetime.acquire({
    resource,
    acquire: () => startChild([pathOf("unshare"), "--net", "--", "sleep", "infinity"]),
    release: async (child) => {
      const exited = exitOf(child);
      child.kill("SIGKILL");
      await exited;
    },
  });
  const pid = holder.pid ?? 0;
  const own = readlinkSync("/proc/self/ns/net");
  while (readlinkSync(`/proc/${pid}/ns/net`) === own) await setTimeout(5, undefined, { signal: bench.signal });
  return { pid, enter: (argv) => [pathOf("nsenter"), `--net=/proc/${pid}/ns/net`, "--", ...argv] };
}
