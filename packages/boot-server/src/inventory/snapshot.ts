import type { Inventory } from "@railhead/provisioning";
import type { CompiledTemplate } from "@railhead/render";
import type { BootTemplate } from "./boot-template.ts";

/** The folders of a data directory. */
export const DATA_FOLDERS = ["machines", "groups", "profiles", "ignition"] as const;
export type DataFolder = (typeof DATA_FOLDERS)[number];

/** One whole state of the data directory. Every answer is made from one snapshot, never from two. */
export interface Snapshot {
  readonly inventory: Inventory;
  /** What makes the Ignition configs: the files under `ignition/`, by name. */
  readonly ignition: ReadonlyMap<string, CompiledTemplate>;
  /** What makes the boot sections of the profiles that are templates, by the profile's id. */
  readonly boots: ReadonlyMap<string, BootTemplate>;
  /** Dangling names: what is served to nobody until it is mended. */
  readonly dangling: readonly string[];
  /** What has no effect, and was perhaps meant to have one. */
  readonly suspicious: readonly string[];
  /** What is wrong with finished configs (`.ign`) that cannot be served, by the file's name. */
  readonly unfit: ReadonlyMap<string, readonly string[]>;
  /** The folders that are there; one that is not is as good as empty. */
  readonly folders: ReadonlySet<DataFolder>;
  /** The file that declares a machine, by the machine's name. */
  readonly machineFiles: ReadonlyMap<string, string>;
}

/** A snapshot without anything, to be filled by the parts. */
export function snapshotOf(parts: Pick<Snapshot, "inventory"> & Partial<Snapshot>): Snapshot {
  return {
    ignition: new Map(),
    boots: new Map(),
    dangling: [],
    suspicious: [],
    unfit: new Map(),
    folders: new Set(),
    machineFiles: new Map(),
    ...parts,
  };
}
