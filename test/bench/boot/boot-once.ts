import { mkdtemp } from "node:fs/promises";
import { join } from "node:path";
import {
  createNetwork,
  createVirtualMachine,
  type IsolatedNetwork,
  type Lifetime,
  type MachineSpec,
  prepareMachine,
  type VirtualMachine,
} from "@railhead/sandbox";
import { pathOf } from "../needs.ts";
import { scoped, unlessAborted } from "../scope.ts";
import { MACHINE, NETWORK } from "../servers/site.ts";
import type { Bench } from "../suite.ts";
import { MARKER } from "./config-repo.ts";
import { untilWritten } from "./console-marker.ts";

const MEMORY_MIB = 1024;
const LIMIT_SECONDS = 600;

/** Starts a boot server in the network; resolves when it is ready. */
export type StartServer = (place: {
  readonly network: IsolatedNetwork;
  readonly lifetime: Lifetime;
}) => Promise<unknown>;

/**
 * Boots the machine once, in a network of its own, from the server.
 *
 * @returns seconds from power-on until the last unit has said that it runs
 * @throws Error with the end of the console when the machine dies or takes longer than 10 minutes
 */
export async function bootOnce(bench: Bench, name: string, startServer: StartServer): Promise<number> {
  return scoped(bench, `boot from ${name}`, async (lifetime) => {
    const directory = await mkdtemp(join(bench.directory, "boot-"));
    const network = await lifetime.acquire({
      resource: "network",
      acquire: () =>
        createNetwork({ address: NETWORK.serverCidr, taps: [MACHINE.tap], directory, signal: bench.signal }),
      release: (made) => made.close(),
    });
    await startServer({ network, lifetime });
    const spec = machineSpec(directory);
    await prepareMachine(spec, pathOf("qemu-img"), undefined);
    const { promise: died, reject } = Promise.withResolvers<never>();
    died.catch(() => undefined);
    const machine = await lifetime.acquire({
      resource: "virtual machine",
      acquire: () =>
        createVirtualMachine(spec, {
          qemu: pathOf("qemu-system-x86_64"),
          enter: network.enter,
          onEvent: (event) => reject(new Error(`the machine that boots from ${name}: ${JSON.stringify(event)}`)),
        }),
      release: (made) => made.powerOff(),
    });
    return powerOn(bench, machine, died);
  });
}

async function powerOn(bench: Bench, machine: VirtualMachine, died: Promise<never>): Promise<number> {
  const limit = AbortSignal.timeout(LIMIT_SECONDS * 1000);
  const signal = AbortSignal.any([bench.signal, limit]);
  const start = performance.now();
  try {
    await machine.start(signal);
    await unlessAborted(Promise.race([untilWritten(machine.spec.consoleLog, MARKER, signal), died]), signal);
    return (performance.now() - start) / 1000;
  } catch (cause) {
    bench.signal.throwIfAborted();
    const words = limit.aborted ? `the machine did not run within ${LIMIT_SECONDS} s` : String(cause);
    const tail = await machine.consoleTail(15);
    throw new Error(`${words}; its console ends with\n${tail.join("\n")}`, { cause });
  }
}

function machineSpec(directory: string): MachineSpec {
  const { name, mac, uuid, serial, tap, firmware } = MACHINE;
  return {
    ...{ name, mac, uuid, serial, tap, firmware },
    memoryMiB: MEMORY_MIB,
    accelerator: "tcg",
    consoleLog: join(directory, "console.log"),
    consoleSocket: join(directory, "console.sock"),
    qmpSocket: join(directory, "qmp.sock"),
    firmwareVariables: join(directory, "variables.fd"),
  };
}
