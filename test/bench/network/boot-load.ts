import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { runCommand, runOrThrow } from "@railhead/testkit";
import { pathOf } from "../needs.ts";
import type { Bench } from "../suite.ts";
import { type Cable, SITE } from "./cable.ts";

export interface BootLoad {
  /** `d`: DHCP, `t`: TFTP, `h`: the HTTP requests of iPXE and Ignition; in this order. */
  readonly stages: "t" | "dth";
  readonly atOnce: number;
  readonly total: number;
  readonly windowsize: number;
  /** What is fetched by TFTP. */
  readonly file: string;
}

export interface BootLoadResult {
  readonly finished: number;
  readonly failed: number;
  /** Packets that were sent again because no answer came in time. */
  readonly resent: number;
  readonly seconds: number;
  readonly bytes: number;
  /** Milliseconds of each machine, for each stage and for all together. */
  readonly tftp: readonly number[];
  readonly all: readonly number[];
}

/** Where the simulated machines have their addresses: each its own, as a server may limit what one gets. */
export const MACHINES = { subnet: "10.90.224.0/19", first: "10.90.224.0" } as const;

export type RunBootLoad = (load: BootLoad) => Promise<BootLoadResult>;

const BLOCK_BYTES = 1468; // what fits an Ethernet frame, and firmware asks for

/** Compiles the simulated machines; they run on the client's end of the cable. */
export async function bootLoad({ directory }: Bench, cable: Cable): Promise<RunBootLoad> {
  const source = fileURLToPath(new URL("boot-load.c", import.meta.url));
  const program = join(directory, "boot-load");
  await route(cable);
  await runOrThrow([pathOf("gcc"), "-O2", "-o", program, source]);
  return async ({ stages, atOnce, total, windowsize, file }) => {
    const numbers = [atOnce, total, BLOCK_BYTES, windowsize].map(String);
    const { code, stdout, stderr } = await runCommand(
      cable.client.enter([program, SITE.server, SITE.client, MACHINES.first, stages, ...numbers, file]),
      { timeoutMs: 150_000 },
    );
    if (code !== 0) throw new Error(`boot-load ended with ${String(code)}: ${stderr}`);
    const result: BootLoadResult = JSON.parse(stdout.toString());
    if (result.failed > 0) {
      throw new Error(`${result.failed} of ${total} machines failed: ${stderr.slice(0, 500)}`);
    }
    return result;
  };
}

/** The machines' addresses are all on the client's end, and routed there: no ARP table holds a thousand by default. */
async function route({ server, client }: Cable): Promise<void> {
  await runOrThrow(client.enter([pathOf("ip"), "route", "add", "local", MACHINES.subnet, "dev", "lo"]));
  await runOrThrow(server.enter([pathOf("ip"), "route", "add", MACHINES.subnet, "via", SITE.client]));
}

/** The value that a part of the samples does not exceed. */
export function percentile(samples: readonly number[], part: number): number {
  const sorted = samples.toSorted((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(part * sorted.length))] ?? Number.NaN;
}
