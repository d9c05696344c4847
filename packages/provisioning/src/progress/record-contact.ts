import type { ClientStage } from "../boot/client.ts";
import type { NodeReport } from "../contract/index.ts";
import { BOOT_STAGES, type BootRecord, type BootStage, type MachineRecord } from "./machine-record.ts";

/** One thing that a machine did, seen by the server. */
export type Contact =
  | { readonly kind: "dhcp"; readonly clientStage: ClientStage; readonly address?: string }
  | { readonly kind: "ipxe" }
  | { readonly kind: "kernel" }
  | { readonly kind: "ignition" }
  | { readonly kind: "report"; readonly report: NodeReport };

/** The machine that made the contact. */
export interface ContactSource {
  readonly id: string;
  readonly mac: string;
  readonly role?: string | undefined;
}

/**
 * What is remembered of a machine after a contact.
 *
 * A boot begins with firmware asking for an address, or with an agent that tells of a boot not seen before. Within
 * a boot the stage only moves on: whoever repeats a request (or a person with curl) changes nothing.
 *
 * @param now milliseconds since the epoch
 * @returns the record, or the very same one when the contact tells nothing new
 */
export function recordContact(
  former: MachineRecord | undefined,
  source: ContactSource,
  contact: Contact,
  now: number,
): MachineRecord | undefined {
  const boot = nextBoot(former?.boot, contact, now);
  if (boot === undefined) return former;
  const address = contact.kind === "dhcp" ? (contact.address ?? former?.address) : former?.address;
  if (former !== undefined && boot === former.boot && address === former.address && source.role === former.role) {
    return former;
  }
  const isNewBoot = former === undefined || boot.startedAt !== former.boot.startedAt;
  return {
    id: source.id,
    mac: source.mac,
    ...(source.role === undefined ? {} : { role: source.role }),
    ...(address === undefined ? {} : { address }),
    firstSeen: former?.firstSeen ?? now,
    lastSeen: now,
    boots: (former?.boots ?? 0) + (isNewBoot ? 1 : 0),
    boot,
  };
}

/** `undefined` when the contact belongs to no boot: a running system that renews its lease, say. */
function nextBoot(boot: BootRecord | undefined, contact: Contact, now: number): BootRecord | undefined {
  switch (contact.kind) {
    case "dhcp":
      if (contact.clientStage === "os") return boot;
      return beginsBoot(boot, contact.clientStage) ? { startedAt: now, stage: "dhcp", units: [] } : boot;
    case "report":
      return applyReport(boot, contact.report, now);
    default:
      return boot === undefined ? { startedAt: now, stage: contact.kind, units: [] } : advance(boot, contact.kind);
  }
}

/** Firmware asks several times before it gets on, and hands over to iPXE, which asks again. */
function beginsBoot(boot: BootRecord | undefined, clientStage: "rom" | "ipxe"): boolean {
  if (boot === undefined) return true;
  return rank(boot.stage) > rank(clientStage === "rom" ? "dhcp" : "ipxe");
}

function advance(boot: BootRecord, stage: BootStage): BootRecord {
  return rank(stage) > rank(boot.stage) ? { ...boot, stage } : boot;
}

function applyReport(former: BootRecord | undefined, report: NodeReport, now: number): BootRecord {
  const sameBoot = former?.bootId === undefined || former.bootId === report.bootId;
  const base: BootRecord = former !== undefined && sameBoot ? former : { startedAt: now, stage: "agent", units: [] };
  const repeated = base.bootId === report.bootId && report.sequence <= (base.reportSequence ?? 0);
  if (repeated && report.kind !== "agent-started") return base;
  const boot = { ...base, bootId: report.bootId, reportSequence: report.sequence };
  switch (report.kind) {
    case "agent-started":
      // A run of its own: what an earlier run in this boot said is over.
      return {
        startedAt: boot.startedAt,
        stage: "agent",
        bootId: boot.bootId,
        reportSequence: boot.reportSequence,
        units: [],
      };
    case "repo-synced":
      return { ...boot, revision: report.revision, unitsTotal: report.units.length };
    case "unit-started": {
      const { unit, index, total } = report;
      return { ...boot, stage: "unit", unit: { unit, index, total }, unitsTotal: total };
    }
    case "unit-finished": {
      const { unit, outcome, seconds, journal, reason } = report;
      const units = [...boot.units, { unit, outcome, seconds }];
      if (outcome !== "failed") return { ...boot, units };
      return {
        ...boot,
        units,
        failedUnit: unit,
        ...(reason === undefined ? {} : { reason }),
        ...(journal === undefined ? {} : { journal }),
      };
    }
    case "run-finished":
      return {
        ...boot,
        stage: report.outcome,
        endedAt: now,
        unitsTotal: report.unitsTotal,
        ...(report.revision === undefined ? {} : { revision: report.revision }),
        ...(report.failedUnit === undefined ? {} : { failedUnit: report.failedUnit }),
        ...(report.reason === undefined ? {} : { reason: report.reason }),
      };
  }
}

function rank(stage: BootStage): number {
  return BOOT_STAGES.indexOf(stage);
}
