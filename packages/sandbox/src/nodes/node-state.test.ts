import { describe, expect, test } from "vitest";
import { planNodes } from "./node-plan.ts";
import {
  hasOperatingSystem,
  initialNodeState,
  isSettled,
  type NodeInput,
  type NodeState,
  nextNodeState,
  secondsSincePowerOn,
} from "./node-state.ts";
import { parseServerEvent, type ServerEvent } from "./server-event.ts";

function sees(fields: object): NodeInput {
  const event: ServerEvent = parseServerEvent(
    JSON.stringify({ event: "machine.progress", machine: "core-01", ...fields }),
  );
  return event.kind === "progress" ? { kind: "progress", progress: event.progress } : { kind: "off" };
}

const ON: NodeInput = { kind: "powered-on" };
const FAILED = sees({
  stage: "failed",
  reason: "exit code 1",
  failedUnit: "greeter.service",
  unitsOk: 1,
  unitsTotal: 3,
  journal: ["x"],
});
const RUNNING = sees({ stage: "running", unitsOk: 3, unitsTotal: 3, revision: "abcdef1234" });

/** A second passes before each input. */
function after(...inputs: readonly NodeInput[]): NodeState {
  const [plan] = planNodes({ nodes: 1, managers: 1, firmware: ["bios"] });
  const start = plan === undefined ? undefined : initialNodeState(plan, 0);
  return inputs.reduce((state, input, index) => nextNodeState(state, input, (index + 1) * 1000), start as NodeState);
}

describe("a node", () => {
  test("is off at first", () => {
    expect(after()).toMatchObject({ stage: "off", address: "10.77.0.11", role: "manager" });
    expect(secondsSincePowerOn(after(), 5000)).toBeUndefined();
  });

  test("goes through its boot as the server sees it", () => {
    const state = after(ON, sees({ stage: "dhcp", address: "10.77.0.99" }), sees({ stage: "kernel" }), RUNNING);
    expect(state).toMatchObject({
      stage: "running",
      address: "10.77.0.99",
      unitsOk: 3,
      unitsTotal: 3,
      revision: "abcdef1234",
    });
    expect(secondsSincePowerOn(state, state.stageAt)).toBe(3);
  });

  test("shows the unit that is being started, and no unit any more when it runs", () => {
    const unit = sees({ stage: "unit", unit: "greeter.service", index: 2, total: 3, unitsOk: 1 });
    expect(after(ON, unit).unit).toEqual({ name: "greeter.service", index: 2, total: 3 });
    expect(after(ON, unit, RUNNING).unit).toBeUndefined();
  });

  test("ignores reports of the boot that is being ended", () => {
    expect(after(ON, RUNNING, { kind: "shutting-down" }, RUNNING).stage).toBe("shutting down");
  });

  test("forgets the boot before when it is powered on again", () => {
    const state = after(ON, FAILED, { kind: "shutting-down" }, ON);
    expect(state).toMatchObject({ stage: "powered on", unitsOk: 0, restarts: 0, poweredOnAt: 4000 });
    expect(state.failure).toBeUndefined();
    expect(state.revision).toBeUndefined();
  });

  test("that restarts itself after a failure keeps the reason until it runs", () => {
    const again = after(ON, FAILED, { kind: "reset" }, sees({ stage: "dhcp" }));
    expect(again).toMatchObject({ stage: "dhcp", restarts: 1, failure: { reason: "exit code 1" } });
    expect(isSettled(again)).toBe(true);
    expect(after(ON, FAILED, { kind: "reset" }, RUNNING).failure).toBeUndefined();
  });

  test("that switches itself off is in no good state", () => {
    expect(after(ON, RUNNING, { kind: "off" })).toMatchObject({
      stage: "off",
      failure: { reason: "the node switched itself off" },
    });
  });

  test("whose machine is gone has failed", () => {
    expect(after(ON, { kind: "broken", reason: "QEMU ended with signal SIGKILL" })).toMatchObject({
      stage: "failed",
      failure: { reason: "QEMU ended with signal SIGKILL" },
    });
  });

  test.each([
    ["off", after(), false],
    ["powered on", after(ON), false],
    ["on its way", after(ON, sees({ stage: "agent" })), false],
    ["running", after(ON, RUNNING), true],
    ["failed", after(ON, FAILED), true],
    ["shutting down", after(ON, RUNNING, { kind: "shutting-down" }), false],
  ])("that is %s is settled or not", (_, state, settled) => {
    expect(isSettled(state)).toBe(settled);
  });

  test.each([
    ["in its firmware", after(ON, sees({ stage: "dhcp" })), false],
    ["in its initramfs", after(ON, sees({ stage: "ignition" })), false],
    ["with an agent", after(ON, sees({ stage: "agent" })), true],
    ["running", after(ON, RUNNING), true],
    ["with a failed unit", after(ON, FAILED), true],
    ["with a failed Ignition", after(ON, sees({ stage: "failed", reason: "Ignition" })), false],
  ])("%s hears its power button or not", (_, state, hears) => {
    expect(hasOperatingSystem(state)).toBe(hears);
  });
});
