import { copyFile, rm } from "node:fs/promises";
import { type Child, type ChildExit, describeExit, startChild } from "../process/child.ts";
import { type Argv, runCommand } from "../process/command.ts";
import { waitFor } from "../process/wait.ts";
import { messageOf, SandboxError } from "../sandbox-error.ts";
import { readConsoleTail } from "./console-log.ts";
import { type MachineSpec, OVMF_VARIABLES, qemuArguments } from "./qemu-arguments.ts";
import { connectQmp, type Qmp, type QmpEvent } from "./qmp.ts";

/** What happens to a machine without anybody here having asked for it. */
export type MachineEvent =
  /** The guest restarted itself. */
  | { readonly kind: "reset" }
  /** The guest switched itself off. */
  | { readonly kind: "off" }
  /** QEMU ended for another reason: the machine is gone. */
  | { readonly kind: "died"; readonly reason: string }
  /** QEMU stopped the machine because its disk file cannot be written, mostly because the host's disk is full. */
  | { readonly kind: "disk-error"; readonly reason: string };

export interface MachineEnvironment {
  /** qemu-system-x86_64 */
  readonly qemu: string;
  /** Puts the command into the machine's network. */
  readonly enter: (argv: Argv) => Argv;
  readonly onEvent: (event: MachineEvent) => void;
}

/** A machine in QEMU, on or off. It keeps its identity, its disk and its UEFI variables from one power-on to the next. */
export interface VirtualMachine {
  readonly spec: MachineSpec;
  readonly isOn: () => boolean;
  /** Settles when the machine is off; at once when it is off already. */
  readonly whenOff: () => Promise<void>;
  /** Powers the machine on. Throws `machine` with QEMU's own words when QEMU refuses. */
  readonly start: (signal?: AbortSignal) => Promise<void>;
  /** Presses the power button and waits for the guest to switch off; pulls the plug when it has not within the limit. */
  readonly shutdown: (limitSeconds: number, signal?: AbortSignal) => Promise<"clean" | "forced">;
  /** Pulls the plug. Idempotent. */
  readonly powerOff: () => Promise<void>;
  readonly consoleTail: (lines: number) => Promise<readonly string[]>;
}

interface Running {
  readonly child: Child;
  qmp?: Qmp;
  /** Its end was asked for here, so it is no event. */
  stopping: boolean;
  guestSwitchedOff: boolean;
}

export function createVirtualMachine(spec: MachineSpec, environment: MachineEnvironment): VirtualMachine {
  let running: Running | undefined;

  const ended = (machine: Running, exit: ChildExit): void => {
    machine.qmp?.close();
    running = running === machine ? undefined : running;
    if (!machine.stopping) {
      const reason = [`QEMU ended with ${describeExit(exit)}`, ...machine.child.tail().slice(-3)].join(": ");
      environment.onEvent(machine.guestSwitchedOff && exit.code === 0 ? { kind: "off" } : { kind: "died", reason });
    }
  };

  const powerOff = async (): Promise<void> => {
    const machine = running;
    if (machine !== undefined) {
      machine.stopping = true;
      await machine.child.stop();
    }
  };

  const start = async (signal?: AbortSignal): Promise<void> => {
    if (running !== undefined) {
      throw new SandboxError("machine", `${spec.name} is on already`);
    }
    const argv: Argv = [environment.qemu, ...qemuArguments(spec)];
    const machine: Running = {
      child: await startChild({ argv: environment.enter(argv) }),
      stopping: false,
      guestSwitchedOff: false,
    };
    running = machine;
    // Until the monitor answers, an end is this call's failure and no event.
    machine.stopping = true;
    const off = machine.child.exited.then((exit) => ended(machine, exit));
    try {
      machine.qmp = await connectMonitor(spec, machine, { signal, off, onEvent: environment.onEvent });
      if (machine.child.hasExited()) {
        throw new SandboxError(
          "machine",
          `${spec.name}: QEMU ended at once: ${machine.child.tail().slice(-3).join(": ")}`,
        );
      }
      machine.stopping = false;
    } catch (error) {
      await machine.child.stop(1000);
      throw error;
    }
  };

  return {
    spec,
    isOn: () => running !== undefined,
    whenOff: async () => {
      await running?.child.exited;
    },
    start,
    shutdown: async (limitSeconds, signal) => {
      const machine = running;
      if (machine === undefined) {
        return "clean";
      }
      machine.stopping = true;
      try {
        await machine.qmp?.execute("system_powerdown");
        await waitFor(machine.child.exited, { timeoutMs: limitSeconds * 1000, signal });
        return "clean";
      } catch (error) {
        if (signal?.aborted === true) {
          throw error;
        }
        await machine.child.stop();
        return "forced";
      }
    },
    powerOff,
    consoleTail: (lines) => readConsoleTail(spec.consoleLog, lines),
  };
}

/** Makes what a machine keeps: a blank disk of that size, and UEFI variables as the factory left them. */
export async function prepareMachine(spec: MachineSpec, qemuImg: string, diskGiB: number | undefined): Promise<void> {
  await rm(spec.consoleLog, { force: true });
  if (spec.firmware === "uefi") {
    await copyFile(OVMF_VARIABLES, spec.firmwareVariables);
  }
  if (spec.disk !== undefined && diskGiB !== undefined) {
    await runCommand([qemuImg, "create", "-q", "-f", "qcow2", "--", spec.disk, `${diskGiB}G`]);
  }
}

async function connectMonitor(
  spec: MachineSpec,
  machine: Running,
  context: {
    readonly signal: AbortSignal | undefined;
    readonly off: Promise<void>;
    readonly onEvent: (event: MachineEvent) => void;
  },
): Promise<Qmp> {
  const gone = new AbortController();
  const signal = context.signal === undefined ? gone.signal : AbortSignal.any([context.signal, gone.signal]);
  void context.off.then(() => gone.abort());
  const onEvent = (event: QmpEvent): void => {
    machine.guestSwitchedOff ||= event.event === "SHUTDOWN" && event.data["guest"] === true;
    const known = machineEvent(event);
    if (known !== undefined && !machine.stopping) {
      context.onEvent(known);
    }
  };
  try {
    return await connectQmp({ path: spec.qmpSocket, timeoutMs: 10_000, signal, onEvent });
  } catch (cause) {
    if (context.signal?.aborted === true) {
      throw cause;
    }
    const words = machine.child.tail().slice(-3).join(": ");
    throw new SandboxError("machine", `${spec.name}: QEMU did not start: ${words === "" ? messageOf(cause) : words}`, {
      cause,
    });
  }
}

/** What an event of QEMU's monitor means for the machine; most mean nothing. Pure. */
export function machineEvent({ event, data }: QmpEvent): MachineEvent | undefined {
  switch (event) {
    case "RESET":
      return data["guest"] === true ? { kind: "reset" } : undefined;
    case "BLOCK_IO_ERROR": {
      const words = typeof data["reason"] === "string" ? data["reason"] : "input/output error";
      return data["action"] === "stop"
        ? { kind: "disk-error", reason: `its disk cannot be written: ${words}` }
        : undefined;
    }
    default:
      return undefined;
  }
}
