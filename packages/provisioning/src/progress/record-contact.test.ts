import { describe, expect, test } from "vitest";
import type { NodeReport } from "../contract/index.ts";
import type { MachineRecord } from "./machine-record.ts";
import { type Contact, recordContact } from "./record-contact.ts";

const SOURCE = { id: "core-01", mac: "52:54:00:77:00:01", role: "manager" };
const BOOT_1 = "11111111-1111-4111-8111-111111111111";
const BOOT_2 = "22222222-2222-4222-8222-222222222222";
const REVISION = "a".repeat(40);

const rom: Contact = { kind: "dhcp", clientStage: "rom", address: "10.77.0.11" };
const ipxeDhcp: Contact = { kind: "dhcp", clientStage: "ipxe", address: "10.77.0.11" };
const system: Contact = { kind: "dhcp", clientStage: "os", address: "10.77.0.11" };

type Step = {
  [K in NodeReport["kind"]]: { kind: K } & Omit<
    Extract<NodeReport, { kind: K }>,
    "machine" | "mac" | "bootId" | "sequence" | "at" | "agentVersion"
  >;
}[NodeReport["kind"]];

function report(bootId: string, sequence: number, step: Step): Contact {
  const base = {
    machine: SOURCE.id,
    mac: SOURCE.mac,
    bootId,
    sequence,
    at: "2026-11-20T10:00:00.000Z",
    agentVersion: "0.1.0",
  };
  return { kind: "report", report: { ...base, ...step } as NodeReport };
}

const started = (bootId: string) =>
  report(bootId, 1, { kind: "agent-started", role: "manager", repo: { url: "http://s/git", ref: "main" } });
const synced = (bootId: string) => report(bootId, 2, { kind: "repo-synced", revision: REVISION, units: ["a.service"] });
const unitStarted = (bootId: string) =>
  report(bootId, 3, { kind: "unit-started", unit: "a.service", index: 1, total: 1 });
const unitOk = (bootId: string) =>
  report(bootId, 4, { kind: "unit-finished", unit: "a.service", index: 1, total: 1, outcome: "active", seconds: 0.5 });
const running = (bootId: string) =>
  report(bootId, 5, {
    kind: "run-finished",
    outcome: "running",
    revision: REVISION,
    unitsOk: 1,
    unitsTotal: 1,
    seconds: 2,
  });

function after(contacts: readonly Contact[], start = 1000): MachineRecord | undefined {
  let record: MachineRecord | undefined;
  for (const [index, contact] of contacts.entries()) record = recordContact(record, SOURCE, contact, start + index);
  return record;
}

const WHOLE_BOOT = [
  rom,
  ipxeDhcp,
  { kind: "ipxe" },
  { kind: "kernel" },
  system,
  { kind: "ignition" },
  started(BOOT_1),
  synced(BOOT_1),
  unitStarted(BOOT_1),
  unitOk(BOOT_1),
  running(BOOT_1),
] as const;

describe("one boot", () => {
  test("goes through its stages in order", () => {
    const stages = WHOLE_BOOT.map((_, index) => after(WHOLE_BOOT.slice(0, index + 1))?.boot.stage);
    expect(stages).toEqual([
      "dhcp",
      "dhcp",
      "ipxe",
      "kernel",
      "kernel",
      "ignition",
      "agent",
      "agent",
      "unit",
      "unit",
      "running",
    ]);
    expect(after(WHOLE_BOOT)).toMatchObject({
      boots: 1,
      address: "10.77.0.11",
      boot: { revision: REVISION, unitsTotal: 1, endedAt: 1010 },
    });
  });

  test("firmware that asks again and again is still one boot", () => {
    expect(after([rom, rom, ipxeDhcp, ipxeDhcp, { kind: "ipxe" }, { kind: "ipxe" }])?.boots).toBe(1);
  });

  test("somebody who fetches a running machine's config with curl changes nothing", () => {
    const record = after(WHOLE_BOOT);
    expect(recordContact(record, SOURCE, { kind: "ignition" }, 9999)).toBe(record);
    expect(recordContact(record, SOURCE, system, 9999)).toBe(record);
  });

  test("a report that arrives twice counts once", () => {
    expect(after([...WHOLE_BOOT.slice(0, 10), unitOk(BOOT_1)])?.boot.units).toHaveLength(1);
  });
});

describe("the next boot", () => {
  test("begins with firmware, and keeps the machine's identity (SW-25)", () => {
    const record = after([...WHOLE_BOOT, rom]);
    expect(record).toMatchObject({ id: "core-01", firstSeen: 1000, boots: 2, address: "10.77.0.11" });
    expect(record?.boot).toEqual({ startedAt: 1011, stage: "dhcp", units: [] });
  });

  test("of an iPXE ROM begins with iPXE's own DHCP", () => {
    expect(after([...WHOLE_BOOT, ipxeDhcp])?.boots).toBe(2);
  });

  test("is also known by the kernel's boot id, where the firmware was not heard", () => {
    expect(after([...WHOLE_BOOT, started(BOOT_2)])).toMatchObject({
      boots: 2,
      boot: { stage: "agent", bootId: BOOT_2, units: [] },
    });
  });

  test("forgets the failure of the one before", () => {
    const failed = report(BOOT_1, 4, {
      kind: "unit-finished",
      unit: "a.service",
      index: 1,
      total: 1,
      outcome: "failed",
      seconds: 1,
      reason: "exit 1",
      journal: ["no"],
    });
    expect(after([...WHOLE_BOOT.slice(0, 9), failed])?.boot).toMatchObject({
      failedUnit: "a.service",
      journal: ["no"],
    });
    expect(after([...WHOLE_BOOT.slice(0, 9), failed, rom])?.boot.failedUnit).toBeUndefined();
  });
});

test("an agent that runs again in the same boot starts over", () => {
  const record = after([...WHOLE_BOOT, started(BOOT_1)]);
  expect(record).toMatchObject({ boots: 1, boot: { stage: "agent", units: [], bootId: BOOT_1 } });
});

test("an address lease of a machine that was never seen booting is no boot", () => {
  expect(after([system])).toBeUndefined();
});
