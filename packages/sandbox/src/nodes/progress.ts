import { isSettled, type NodeState, secondsSincePowerOn } from "./node-state.ts";
import { printable } from "./printable.ts";

/** What a node does, in the words that a person reads: "DHCP 10.77.0.11", "unit 1/3 greeter.service". Pure. */
export function describeStage(state: NodeState): string {
  switch (state.stage) {
    case "dhcp":
      return `DHCP ${state.address}`;
    case "ipxe":
      return "iPXE";
    case "ignition":
      return "Ignition";
    case "unit":
      return state.unit === undefined ? "unit" : `unit ${state.unit.index}/${state.unit.total} ${state.unit.name}`;
    case "running":
      return state.unitsTotal === undefined ? "running" : `running, ${state.unitsOk}/${state.unitsTotal} units`;
    case "failed":
      return `failed: ${describeFailure(state)}`;
    case "off":
    case "powered on":
    case "shutting down":
    case "kernel":
    case "agent":
      return state.stage;
  }
}

/** Why a node failed, in one line. Pure. */
export function describeFailure(state: NodeState): string {
  const { failure } = state;
  if (failure === undefined) {
    return "no reason known";
  }
  const unit = failure.failedUnit;
  return unit === undefined || failure.reason.includes(unit) ? failure.reason : `${unit}: ${failure.reason}`;
}

/** One line for a log: the node, seconds since it was powered on, what it has come to. Pure. */
export function progressLine(state: NodeState): string {
  return formatLine(state, secondsSincePowerOn(state, state.stageAt));
}

/**
 * The same line while somebody watches: the seconds go on until the node is settled, and the line is cut to the width
 * of the terminal, because one that wraps cannot be overwritten in place. Pure.
 */
export function liveLine(state: NodeState, nowMs: number, columns: number): string {
  const at = isSettled(state) || state.stage === "off" ? state.stageAt : nowMs;
  const line = formatLine(state, secondsSincePowerOn(state, at));
  return line.length < columns ? line : `${line.slice(0, Math.max(0, columns - 2))}…`;
}

function formatLine(state: NodeState, seconds: number | undefined): string {
  const time = seconds === undefined ? "" : `${seconds.toFixed(1)} s`;
  const again = state.restarts === 0 ? "" : ` (restarted ${state.restarts} times)`;
  return `${state.name}  ${time.padStart(7)}  ${printable(describeStage(state))}${state.stage === "failed" ? "" : again}`;
}
