import { AddressError, parseIpv4, parseMac } from "@railhead/wire";
import { z } from "zod";
import type { Group } from "./group.ts";
import type { Machine } from "./machine.ts";
import { nearestWord } from "./nearest-word.ts";
import { parsedText } from "./parsed-text.ts";
import type { InventoryProblem } from "./problem.ts";
import type { Profile } from "./profile.ts";

/** A document of the data directory: its place and its value, already read out of JSON. */
export interface InventoryDocument {
  /** Relative to the data directory: `groups/workers.json`. */
  readonly file: string;
  readonly value: unknown;
}

export type Parsed<T> =
  | { readonly value: T; readonly suspicious?: readonly InventoryProblem[] }
  | { readonly problems: readonly InventoryProblem[] };

const LABEL = /^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/;
const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;

const machineSchema = z.strictObject({
  name: z.string().regex(LABEL, "a machine's name is a DNS label: a-z, 0-9 and -, at most 63 characters"),
  macs: z.array(parsedText(parseMac)).min(1, "a machine has at least one MAC address"),
  uuid: z.string().toLowerCase().regex(UUID, "not a UUID").optional(),
  serial: z.string().min(1).max(200).optional(),
  address: parsedText(parseIpv4).optional(),
  role: z.string().regex(LABEL, "a role is a word of a-z, 0-9 and -").optional(),
  boot: z.enum(["network", "local", "wait"]).default("network"),
  labels: z.record(z.string(), z.string()).default({}),
});

// Unknown keys are let through in groups and profiles, as matchbox lets them: its users keep notes there, and
// newer releases add keys. What is known is checked, and what is not is told as suspicious.
const groupSchema = z.looseObject({
  id: z.unknown().optional(),
  name: z.string().optional(),
  profile: z.string().min(1, "a group names a profile"),
  selector: z.record(z.string(), z.string()).default({}),
  metadata: z.record(z.string(), z.unknown()).default({}),
});

const bootSchema = z.looseObject({
  kernel: z.string().default(""),
  initrd: z.array(z.string()).default([]),
  args: z.array(z.string()).default([]),
});

const profileSchema = z.looseObject({
  id: z.unknown().optional(),
  name: z.string().optional(),
  ignition_id: z.string().optional(),
  templated: z.boolean().default(false),
  boot: bootSchema.optional(),
});

/** A misspelt word takes no more edits than this. */
const MOST_EDITS = 2;

/** @returns the machine of `machines/*.json`, or every problem the document has. */
export function parseMachine(document: InventoryDocument): Parsed<Machine> {
  const parsed = check(machineSchema, document);
  return "problems" in parsed ? parsed : { value: defined<Machine>(parsed.value) };
}

/** @returns the group of `groups/*.json`; its id is the file's base name. */
export function parseGroup(document: InventoryDocument): Parsed<Group> {
  const parsed = check(groupSchema, document);
  if ("problems" in parsed) return parsed;
  const meant = meantForSelector(parsed.value);
  if (meant !== undefined) {
    const message = "unknown key; selector is meant? Without one the group matches every machine";
    return { problems: [{ file: document.file, path: [meant], message, kind: "invalid" }] };
  }
  const { name, profile, metadata } = parsed.value;
  const selector: Record<string, string> = { ...parsed.value.selector };
  // A key that reads "mac" in lower case is compared in canonical form, as matchbox does.
  for (const [key, value] of Object.entries(selector)) {
    if (key.toLowerCase() !== "mac") continue;
    try {
      selector[key] = parseMac(value);
    } catch (error) {
      if (!(error instanceof AddressError)) throw error;
      return { problems: [{ file: document.file, path: ["selector", key], message: error.message, kind: "invalid" }] };
    }
  }
  return {
    value: defined<Group>({ id: baseName(document.file), name, profile, selector, metadata }),
    suspicious: unknownKeys(groupSchema, parsed.value, { file: document.file, path: [] }),
  };
}

/** @returns the profile of `profiles/*.json`; its id is the file's base name. */
export function parseProfile(document: InventoryDocument): Parsed<Profile> {
  const { file } = document;
  const parsed = check(profileSchema, document);
  if ("problems" in parsed) return parsed;
  const { name, ignition_id, boot, templated } = parsed.value;
  return {
    value: defined<Profile>({
      id: baseName(file),
      name,
      ignitionId: ignition_id === "" ? undefined : ignition_id,
      boot: boot && { kernel: boot.kernel, initrd: boot.initrd, args: boot.args },
      templated: templated || undefined,
    }),
    suspicious: [
      ...unknownKeys(profileSchema, parsed.value, { file, path: [] }),
      ...unknownKeys(bootSchema, boot ?? {}, { file, path: ["boot"] }),
    ],
  };
}

/** A group whose selector is misspelt would be the default group, which matches every machine. */
function meantForSelector(group: object): string | undefined {
  const known = new Set(Object.keys(groupSchema.shape));
  if ("selector" in group && Object.keys(group.selector as object).length > 0) return undefined;
  return Object.keys(group).find((key) => !known.has(key) && nearestWord(key, ["selector"], MOST_EDITS) !== undefined);
}

function unknownKeys(
  { shape }: z.ZodObject,
  value: object,
  place: Pick<InventoryProblem, "file" | "path">,
): readonly InventoryProblem[] {
  const known = Object.keys(shape);
  return Object.keys(value).flatMap((key) => {
    if (known.includes(key)) return [];
    const near = nearestWord(key, known, MOST_EDITS);
    const message = `unknown key, which has no effect${near === undefined ? "" : `; ${near} is meant?`}`;
    return [{ file: place.file, path: [...place.path, key], message, kind: "suspicious" as const }];
  });
}

function check<T>(schema: z.ZodType<T>, { file, value }: InventoryDocument): Parsed<T> {
  const result = schema.safeParse(value);
  if (result.success) return { value: result.data };
  return {
    problems: result.error.issues.map((issue) => ({
      file,
      path: issue.path.filter((step) => typeof step !== "symbol"),
      message: issue.message,
      kind: "invalid",
    })),
  };
}

function baseName(file: string): string {
  const name = file.slice(file.lastIndexOf("/") + 1);
  return name.endsWith(".json") ? name.slice(0, -".json".length) : name;
}

/** Leaves out the keys that are undefined, so that "absent" has one form. */
function defined<T extends object>(value: { readonly [K in keyof T]: T[K] | undefined }): T {
  return Object.fromEntries(Object.entries(value).filter(([, member]) => member !== undefined)) as T;
}
