import { type WaitLimits, waitFor } from "../process/wait.ts";
import { SandboxError } from "../sandbox-error.ts";
import type { NodePlan } from "./node-plan.ts";
import { initialNodeState, type NodeInput, type NodeState, nextNodeState } from "./node-state.ts";

/** The states of all nodes in one place; whoever wants to know of changes listens. */
export interface NodeBoard {
  readonly all: () => readonly NodeState[];
  /** Throws `bad-option` for a name that no node has. */
  readonly get: (name: string) => NodeState;
  /** Input for a machine that is none of the nodes has no effect. */
  readonly apply: (name: string, input: NodeInput) => void;
  /** Calls back after each change; returns how to end that. */
  readonly listen: (listener: (node: NodeState) => void) => () => void;
  /** Waits until the nodes are as wanted; true when they are, false when the time has passed. */
  readonly until: (
    wanted: (nodes: readonly NodeState[]) => boolean,
    limits: Pick<WaitLimits, "signal" | "timeoutMs">,
  ) => Promise<boolean>;
}

/** @param now milliseconds on a clock that only runs forward */
export function createNodeBoard(plans: readonly NodePlan[], now: () => number): NodeBoard {
  const nodes = new Map(plans.map((plan) => [plan.name, initialNodeState(plan, now())]));
  const listeners = new Set<(node: NodeState) => void>();
  const listen = (listener: (node: NodeState) => void): (() => void) => {
    listeners.add(listener);
    return () => listeners.delete(listener);
  };
  const all = (): readonly NodeState[] => [...nodes.values()];
  return {
    all,
    get: (name) => {
      const node = nodes.get(name);
      if (node === undefined) {
        throw new SandboxError("bad-option", `no node is called ${name}`, {
          hint: `There are ${[...nodes.keys()].join(", ")}.`,
        });
      }
      return node;
    },
    apply: (name, input) => {
      const node = nodes.get(name);
      const next = node === undefined ? undefined : nextNodeState(node, input, now());
      if (next !== undefined && next !== node) {
        nodes.set(name, next);
        for (const listener of listeners) {
          listener(next);
        }
      }
    },
    listen,
    until: async (wanted, limits) => {
      const { promise, resolve } = Promise.withResolvers<boolean>();
      const check = (): void => (wanted(all()) ? resolve(true) : undefined);
      const unlisten = listen(check);
      const timer = limits.timeoutMs === undefined ? undefined : setTimeout(() => resolve(false), limits.timeoutMs);
      try {
        check();
        return await waitFor(promise, { signal: limits.signal });
      } finally {
        clearTimeout(timer);
        unlisten();
      }
    },
  };
}
