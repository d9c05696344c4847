import { join } from "node:path";
import type { RunDirectory } from "./files/run-directory.ts";
import type { IsolatedNetwork } from "./network/network.ts";
import type { NodeBoard } from "./nodes/node-board.ts";
import type { NodePlan } from "./nodes/node-plan.ts";
import { hasOperatingSystem, isSettled, type NodeInput } from "./nodes/node-state.ts";
import type { Lifetime } from "./process/lifetime.ts";
import type { Accelerator, MachineSpec } from "./qemu/qemu-arguments.ts";
import {
  createVirtualMachine,
  type MachineEvent,
  prepareMachine,
  type VirtualMachine,
} from "./qemu/virtual-machine.ts";
import { messageOf, SandboxError } from "./sandbox-error.ts";

export interface FleetSpec {
  readonly plans: readonly NodePlan[];
  readonly board: NodeBoard;
  readonly network: IsolatedNetwork;
  readonly directory: RunDirectory;
  readonly tools: (tool: "qemu-system-x86_64" | "qemu-img") => string;
  readonly accelerator: Accelerator;
  readonly memoryMiB: number;
  /** Absent: machines without disks. */
  readonly diskGiB: number | undefined;
  /** Ends starts and shutdowns that are under way. */
  readonly signal: AbortSignal;
}

/** The sandbox's machines. What happens to them is told to the board. */
export interface Fleet {
  /** Powers all on together. Throws `machine` when one does not start. */
  readonly powerOn: () => Promise<void>;
  /**
   * Shuts one node down and powers it on again, so that it boots over the network as if for the first time.
   * Returns when it is powered on. When its system does not switch off by itself within the limit its power is cut,
   * and `onPowerCut` told why. Throws `control` while the node is being rebooted already.
   */
  readonly reboot: (name: string, limitSeconds: number, onPowerCut: (reason: string) => void) => Promise<void>;
  readonly consoleTail: (name: string, lines: number) => Promise<readonly string[]>;
}

/** Prepares the machines, which are switched off and forgotten at the end of the lifetime. */
export async function createFleet(spec: FleetSpec, lifetime: Lifetime): Promise<Fleet> {
  const machines = new Map<string, VirtualMachine>();
  const rebooting = new Set<string>();
  for (const plan of spec.plans) {
    machines.set(plan.name, await addMachine(spec, plan, lifetime));
  }
  const machineOf = (name: string): VirtualMachine => {
    const machine = machines.get(spec.board.get(name).name);
    if (machine === undefined) {
      throw new SandboxError("control", `${name} is not ready yet`);
    }
    return machine;
  };
  const start = async (machine: VirtualMachine): Promise<void> => {
    spec.board.apply(machine.spec.name, { kind: "powered-on" });
    try {
      await machine.start(spec.signal);
    } catch (error) {
      spec.board.apply(machine.spec.name, { kind: "broken", reason: messageOf(error) });
      throw error;
    }
  };
  return {
    powerOn: async () => {
      await Promise.all([...machines.values()].map(start));
    },
    reboot: async (name, limitSeconds, onPowerCut) => {
      const machine = machineOf(name);
      if (rebooting.has(name)) {
        throw new SandboxError("control", `${name} is being rebooted already`);
      }
      rebooting.add(name);
      try {
        // Firmware and a booting kernel do not listen to the power button: waiting for them would be in vain.
        const hears = hasOperatingSystem(spec.board.get(name));
        spec.board.apply(name, { kind: "shutting-down" });
        const how = await machine.shutdown(hears ? limitSeconds : 0, spec.signal);
        if (how === "forced") {
          onPowerCut(
            hears ? `it did not switch itself off within ${limitSeconds} s` : "no system ran yet to switch it off",
          );
        }
        await start(machine);
      } finally {
        rebooting.delete(name);
      }
    },
    consoleTail: (name, lines) => machineOf(name).consoleTail(lines),
  };
}

/** Whether every node runs or has failed. Pure. */
export function allSettled(board: NodeBoard): boolean {
  return board.all().every(isSettled);
}

async function addMachine(spec: FleetSpec, plan: NodePlan, lifetime: Lifetime): Promise<VirtualMachine> {
  const machineSpec = machineSpecOf(spec, plan);
  await prepareMachine(machineSpec, spec.tools("qemu-img"), spec.diskGiB);
  return lifetime.acquire({
    resource: `virtual machine ${plan.name}`,
    acquire: () =>
      createVirtualMachine(machineSpec, {
        qemu: spec.tools("qemu-system-x86_64"),
        enter: spec.network.enter,
        onEvent: (event) => spec.board.apply(plan.name, inputOf(event)),
      }),
    release: (machine) => machine.powerOff(),
  });
}

/** The machine of a planned node. Pure. */
export function machineSpecOf(
  spec: Pick<FleetSpec, "directory" | "accelerator" | "memoryMiB" | "diskGiB">,
  plan: NodePlan,
): MachineSpec {
  const { consoles, machines } = spec.directory;
  const { name, mac, uuid, serial, firmware, tap } = plan;
  return {
    name,
    mac,
    uuid,
    serial,
    firmware,
    tap,
    memoryMiB: spec.memoryMiB,
    accelerator: spec.accelerator,
    consoleLog: join(consoles, `${name}.log`),
    consoleSocket: join(consoles, `${name}.sock`),
    qmpSocket: join(machines, `${name}.qmp`),
    firmwareVariables: join(machines, `${name}.fd`),
    ...(spec.diskGiB === undefined ? {} : { disk: join(machines, `${name}.qcow2`) }),
  };
}

function inputOf(event: MachineEvent): NodeInput {
  switch (event.kind) {
    case "reset":
    case "off":
      return { kind: event.kind };
    case "died":
    case "disk-error":
      return { kind: "broken", reason: event.reason };
  }
}
