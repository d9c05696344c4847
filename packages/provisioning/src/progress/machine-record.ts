import { z } from "zod";

/** How far a boot has come. In this order, but that it may fail at any point. */
export const BOOT_STAGES = ["dhcp", "ipxe", "kernel", "ignition", "agent", "unit", "running", "failed"] as const;
export type BootStage = (typeof BOOT_STAGES)[number];

const unitOutcomeSchema = z.object({
  unit: z.string(),
  outcome: z.enum(["active", "finished", "failed"]),
  seconds: z.number(),
});

const bootRecordSchema = z.object({
  startedAt: z.number(),
  stage: z.enum(BOOT_STAGES),
  /** When it reached `running` or `failed`. */
  endedAt: z.number().exactOptional(),
  /** The kernel's boot id, as the agent tells it. */
  bootId: z.string().exactOptional(),
  /** The last report of the agent that was taken; one with this number or a smaller one is a repetition. */
  reportSequence: z.number().exactOptional(),
  /** The commit of the config repo that the agent runs. */
  revision: z.string().exactOptional(),
  units: z.array(unitOutcomeSchema).readonly(),
  unitsTotal: z.number().exactOptional(),
  /** The unit that is being started. */
  unit: z.object({ unit: z.string(), index: z.number(), total: z.number() }).exactOptional(),
  failedUnit: z.string().exactOptional(),
  reason: z.string().exactOptional(),
  /** The last lines of the failed unit's journal. */
  journal: z.array(z.string()).readonly().exactOptional(),
});

const machineRecordSchema = z.object({
  /** The declared name, or the MAC of a machine that nobody has declared. */
  id: z.string(),
  mac: z.string(),
  role: z.string().exactOptional(),
  address: z.string().exactOptional(),
  firstSeen: z.number(),
  lastSeen: z.number(),
  /** How many boots have been seen. */
  boots: z.number(),
  boot: bootRecordSchema,
});

/** One boot of a machine, from its first DHCP packet on. Times in milliseconds since the epoch. */
export type BootRecord = Readonly<z.output<typeof bootRecordSchema>>;

/** What the server remembers of a machine. Times in milliseconds since the epoch. */
export type MachineRecord = Readonly<z.output<typeof machineRecordSchema>>;

/**
 * Reads a record out of a store.
 *
 * @throws Error when it is none
 */
export function parseMachineRecord(value: unknown): MachineRecord {
  return machineRecordSchema.parse(value);
}
