import { mkdtemp, rm, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, onTestFinished, test } from "vitest";
import type { MachineSpec } from "./qemu-arguments.ts";
import { createVirtualMachine, type MachineEvent, prepareMachine, type VirtualMachine } from "./virtual-machine.ts";

const FAKE_QEMU = fileURLToPath(new URL("../../testdata/fake-qemu.mjs", import.meta.url));

type Guest = "obedient" | "deaf" | "stubborn" | "restarts" | "switches-off" | "crashes" | "disk-full" | "refused";

async function specIn(): Promise<MachineSpec> {
  const folder = await mkdtemp(join(tmpdir(), "railhead-vm-"));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  return {
    name: "core-01",
    mac: "52:54:00:77:00:01",
    uuid: "77000000-0000-4000-8000-525400770001",
    serial: "RAILHEAD-01",
    memoryMiB: 512,
    firmware: "bios",
    accelerator: "tcg",
    tap: "tap1",
    consoleLog: join(folder, "core-01.log"),
    consoleSocket: join(folder, "core-01.sock"),
    qmpSocket: join(folder, "core-01.qmp"),
    firmwareVariables: join(folder, "core-01.fd"),
    disk: join(folder, "core-01.qcow2"),
  };
}

/** A machine whose guest does one thing, and what is heard of it. */
async function machine(
  guest: Guest,
): Promise<{ readonly vm: VirtualMachine; readonly events: readonly MachineEvent[] }> {
  const events: MachineEvent[] = [];
  const vm = createVirtualMachine(await specIn(), {
    qemu: FAKE_QEMU,
    enter: (argv) => ["env", `GUEST=${guest}`, process.execPath, ...argv],
    onEvent: (event) => events.push(event),
  });
  onTestFinished(vm.powerOff);
  return { vm, events };
}

describe("a machine", () => {
  test("that hears its power button switches itself off, which is no event", async () => {
    const { vm, events } = await machine("obedient");
    await vm.start();
    expect(vm.isOn()).toBe(true);
    expect(await vm.shutdown(10)).toBe("clean");
    expect(vm.isOn()).toBe(false);
    expect(events).toEqual([]);
  });

  test("can be powered on again and again", async () => {
    const { vm, events } = await machine("obedient");
    for (const limitSeconds of [10, 0, 10]) {
      await vm.start();
      await vm.shutdown(limitSeconds);
    }
    expect(events).toEqual([]);
  });

  test("that does not hear its power button loses its power when the limit has passed", async () => {
    const { vm } = await machine("deaf");
    await vm.start();
    expect(await vm.shutdown(0.05)).toBe("forced");
    expect(vm.isOn()).toBe(false);
  });

  test("whose QEMU ignores SIGTERM is killed", async () => {
    const { vm, events } = await machine("stubborn");
    await vm.start();
    await vm.powerOff();
    expect(vm.isOn()).toBe(false);
    expect(events).toEqual([]);
  }, 10_000);

  test("that restarts itself is heard of", async () => {
    const { vm, events } = await machine("restarts");
    await vm.start();
    await expect.poll(() => events).toEqual([{ kind: "reset" }]);
    expect(vm.isOn()).toBe(true);
  });

  test("that switches itself off is heard of", async () => {
    const { vm, events } = await machine("switches-off");
    await vm.start();
    await expect.poll(() => events).toEqual([{ kind: "off" }]);
    expect(vm.isOn()).toBe(false);
    await vm.whenOff();
  });

  test("whose QEMU dies is heard of, with QEMU's last words", async () => {
    const { vm, events } = await machine("crashes");
    await vm.start();
    await expect
      .poll(() => events)
      .toEqual([{ kind: "died", reason: "QEMU ended with signal SIGABRT: qemu: out of memory" }]);
  });

  test("that stands still because the host's disk is full is heard of", async () => {
    const { vm, events } = await machine("disk-full");
    await vm.start();
    await expect
      .poll(() => events)
      .toEqual([{ kind: "disk-error", reason: "its disk cannot be written: No space left on device" }]);
  });

  test("that QEMU refuses fails with QEMU's words, and is off", async () => {
    const { vm, events } = await machine("refused");
    await expect(vm.start()).rejects.toMatchObject({
      code: "machine",
      message: "core-01: QEMU did not start: qemu: could not open tap1: Device or resource busy",
    });
    expect(vm.isOn()).toBe(false);
    expect(events).toEqual([]);
  });

  test("is not powered on twice", async () => {
    const { vm } = await machine("obedient");
    await vm.start();
    await expect(vm.start()).rejects.toMatchObject({ code: "machine", message: "core-01 is on already" });
  });

  test("whose start is interrupted is off", async () => {
    const { vm } = await machine("obedient");
    const controller = new AbortController();
    const starting = vm.start(controller.signal);
    controller.abort();
    await expect(starting).rejects.toMatchObject({ code: "interrupted" });
    expect(vm.isOn()).toBe(false);
  });
});

test("a machine is prepared with a blank disk and UEFI variables of its own", async () => {
  const spec: MachineSpec = { ...(await specIn()), firmware: "uefi" };
  await prepareMachine(spec, "qemu-img", 1);
  expect((await stat(spec.firmwareVariables)).size).toBeGreaterThan(100_000);
  expect((await stat(spec.disk ?? "")).size).toBeLessThan(1_000_000);
});
