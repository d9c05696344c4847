import { z } from "zod";
import { gitRefSchema, machineNameSchema, macSchema, roleSchema } from "./identifiers.ts";
import { unitNameProblem } from "./unit-name.ts";

/** A failed unit's journal tail in a report: at most this many lines ... */
export const JOURNAL_TAIL_LINES = 50;
/** ... of at most this many characters each. */
export const JOURNAL_LINE_LENGTH = 500;
/** The longest `reason` in a report. */
export const REASON_LENGTH = 2000;

const unitSchema = z.string().refine((name) => unitNameProblem(name) === undefined, "must be a unit name");
const revisionSchema = z.string().regex(/^(?:[0-9a-f]{40}|[0-9a-f]{64})$/, "must be a full commit id");
const reasonSchema = z.string().min(1).max(REASON_LENGTH);
const countSchema = z.int().min(0);
const secondsSchema = z.number().min(0);

/** Says which machine, which boot of it and which step of that boot's agent run a report is about. */
const base = {
  machine: machineNameSchema,
  mac: macSchema,
  /** /proc/sys/kernel/random/boot_id: another value is another boot. */
  bootId: z.guid(),
  /** 1, 2, 3 ... within one agent run. A run that starts again in the same boot starts at 1 again. */
  sequence: z.int().min(1),
  /** When it happened on the node, by the node's clock: ISO 8601 in UTC. */
  at: z.iso.datetime(),
  agentVersion: z.string().min(1).max(100),
};

/** Which unit of how many. `index` is 1-based. */
const position = { unit: unitSchema, index: z.int().min(1), total: z.int().min(1) };

const agentStartedSchema = z
  .object({
    ...base,
    kind: z.literal("agent-started"),
    role: roleSchema,
    /** The URL without user name or password. */
    repo: z.object({ url: z.string().max(2048), ref: gitRefSchema }).readonly(),
  })
  .readonly();

const repoSyncedSchema = z
  .object({
    ...base,
    kind: z.literal("repo-synced"),
    revision: revisionSchema,
    /** The role's list, in order. */
    units: z.array(unitSchema).readonly(),
  })
  .readonly();

const unitStartedSchema = z.object({ ...base, kind: z.literal("unit-started"), ...position }).readonly();

const unitFinishedSchema = z
  .object({
    ...base,
    kind: z.literal("unit-finished"),
    ...position,
    /** `active`: it runs. `finished`: a oneshot that ended with success. */
    outcome: z.enum(["active", "finished", "failed"]),
    seconds: secondsSchema,
    /** Failures only: the last lines of the unit's journal, oldest first. */
    journal: z.array(z.string().max(JOURNAL_LINE_LENGTH)).max(JOURNAL_TAIL_LINES).readonly().optional(),
    /** Why it failed; or of `finished`, that the unit's own conditions skipped it on this machine. */
    reason: reasonSchema.optional(),
  })
  .readonly();

const runFinishedSchema = z
  .object({
    ...base,
    kind: z.literal("run-finished"),
    outcome: z.enum(["running", "failed"]),
    /** Absent when the repo could not be synced. */
    revision: revisionSchema.optional(),
    reason: reasonSchema.optional(),
    /** The unit that stopped the run, when it was a unit. */
    failedUnit: unitSchema.optional(),
    unitsOk: countSchema,
    unitsTotal: countSchema,
    seconds: secondsSchema,
  })
  .readonly();

/**
 * One step of one agent run, as the body of `POST /reports`.
 *
 * Unknown keys are dropped, not refused: an older server may hear a newer agent.
 */
export const nodeReportSchema = z.discriminatedUnion("kind", [
  agentStartedSchema,
  repoSyncedSchema,
  unitStartedSchema,
  unitFinishedSchema,
  runFinishedSchema,
]);

export type NodeReport = z.output<typeof nodeReportSchema>;
export type NodeReportKind = NodeReport["kind"];
