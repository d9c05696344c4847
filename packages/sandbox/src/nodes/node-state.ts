import type { NodePlan } from "./node-plan.ts";
import type { MachineProgress, ServerStage } from "./server-event.ts";

/** Where a node is: what its virtual machine does, refined by what the server sees of it. */
export type NodeStage = "off" | "powered on" | "shutting down" | ServerStage;

/** Why a node is in no good state. */
export interface NodeFailure {
  readonly reason: string;
  readonly failedUnit?: string | undefined;
  readonly journal: readonly string[];
}

/** Everything the sandbox knows of one node. Times are milliseconds on a clock that only runs forward. */
export interface NodeState {
  readonly name: string;
  readonly mac: string;
  /** As planned, until the server says otherwise. */
  readonly address: string;
  readonly role: string;
  readonly stage: NodeStage;
  /** Absent before the first power-on. */
  readonly poweredOnAt?: number | undefined;
  readonly stageAt: number;
  readonly unit?: { readonly name: string; readonly index: number; readonly total: number } | undefined;
  readonly unitsOk: number;
  readonly unitsTotal?: number | undefined;
  readonly revision?: string | undefined;
  /** Of this boot; or of the one before when the node restarts itself after it, until it runs. */
  readonly failure?: NodeFailure | undefined;
  /** How often the node has restarted itself since it was powered on. */
  readonly restarts: number;
}

export type NodeInput =
  | { readonly kind: "powered-on" }
  | { readonly kind: "shutting-down" }
  | { readonly kind: "progress"; readonly progress: MachineProgress }
  /** The guest restarted the machine. */
  | { readonly kind: "reset" }
  /** The guest switched the machine off. */
  | { readonly kind: "off" }
  /** The virtual machine is gone or stuck. */
  | { readonly kind: "broken"; readonly reason: string };

export function initialNodeState(plan: NodePlan, nowMs: number): NodeState {
  const { name, mac, address, role } = plan;
  return { name, mac, address, role, stage: "off", stageAt: nowMs, unitsOk: 0, restarts: 0 };
}

/** The node after something happened to it. Pure. */
export function nextNodeState(state: NodeState, input: NodeInput, nowMs: number): NodeState {
  switch (input.kind) {
    case "powered-on":
      return { ...freshBoot(state, nowMs), poweredOnAt: nowMs, restarts: 0 };
    case "shutting-down":
      return { ...state, stage: "shutting down", stageAt: nowMs };
    case "reset":
      // A node whose Ignition fails says so and restarts; the reason has to survive that, or nobody would ever see it.
      return { ...freshBoot(state, nowMs), failure: state.failure, restarts: state.restarts + 1 };
    case "off":
      return {
        ...state,
        stage: "off",
        stageAt: nowMs,
        failure: { reason: "the node switched itself off", journal: [] },
      };
    case "broken":
      return { ...state, stage: "failed", stageAt: nowMs, failure: { reason: input.reason, journal: [] } };
    case "progress":
      return isPowered(state) ? progressed(state, input.progress, nowMs) : state;
  }
}

/** A node that will not move on by itself: it runs, or it failed, also when it tries again and again. Pure. */
export function isSettled(state: NodeState): boolean {
  return state.stage === "running" || state.stage === "failed" || state.failure !== undefined;
}

/** Seconds from power-on to the state the node is in now; `undefined` when it was never powered on. Pure. */
export function secondsSincePowerOn(state: NodeState, nowMs: number): number | undefined {
  return state.poweredOnAt === undefined ? undefined : Math.max(0, nowMs - state.poweredOnAt) / 1000;
}

/** Whether an operating system runs that could react to its power button. Pure. */
export function hasOperatingSystem(state: NodeState): boolean {
  switch (state.stage) {
    case "agent":
    case "unit":
    case "running":
      return true;
    case "failed":
      // Without a revision or a unit it may well be the initramfs or the virtual machine that failed.
      return state.revision !== undefined || state.failure?.failedUnit !== undefined;
    case "off":
    case "powered on":
    case "shutting down":
    case "dhcp":
    case "ipxe":
    case "kernel":
    // The initramfs, which has nobody to listen to a power button.
    case "ignition":
      return false;
  }
}

/** Reports of a boot that is being ended are about nothing that lasts. */
function isPowered({ stage }: NodeState): boolean {
  return stage !== "off" && stage !== "shutting down";
}

function freshBoot(state: NodeState, nowMs: number): NodeState {
  const { name, mac, address, role, restarts, poweredOnAt } = state;
  return { name, mac, address, role, restarts, poweredOnAt, stage: "powered on", stageAt: nowMs, unitsOk: 0 };
}

function progressed(state: NodeState, progress: MachineProgress, nowMs: number): NodeState {
  const { stage } = progress;
  // An agent that begins again, or gets to the end, has left behind what went wrong before.
  const former = stage === "running" || stage === "agent" ? undefined : state.failure;
  return {
    ...state,
    stage,
    stageAt: nowMs,
    address: progress.address ?? state.address,
    role: progress.role ?? state.role,
    unit: stage === "unit" ? { name: progress.unit, index: progress.index, total: progress.total } : undefined,
    unitsOk: progress.unitsOk ?? state.unitsOk,
    unitsTotal: progress.unitsTotal,
    revision: progress.revision,
    failure: stage === "failed" ? failureOf(progress) : former,
  };
}

function failureOf({ reason, failedUnit, journal }: MachineProgress & { readonly stage: "failed" }): NodeFailure {
  return { reason, failedUnit, journal };
}
