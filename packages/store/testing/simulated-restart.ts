import type { RecordStore } from "@railhead/provisioning";
import { type FileStore, openFileStore } from "../src/file/open-file-store.ts";
import type { Choose, SimulatedDisk } from "./simulated-disk.ts";

const COMPACTION = { factor: 2, minimumBytes: 300 };

export interface Opened {
  readonly store: FileStore;
  readonly records: RecordStore<number>;
}

export async function openOn(disk: SimulatedDisk): Promise<Opened> {
  const store = await openFileStore("/store", { fileSystem: disk.fileSystem(), compaction: COMPACTION });
  return { store, records: store.collection("bindings", Number) };
}

export async function restarted(disk: SimulatedDisk, choose: Choose): Promise<Opened> {
  disk.cutPower(choose);
  return openedByAnother(disk);
}

/** Clears the claims first: they name this very process, as which the test plays all that came before. */
export async function openedByAnother(disk: SimulatedDisk): Promise<Opened> {
  for (const path of disk.paths().filter((path) => path.includes("/lock-"))) {
    await disk.fileSystem().remove(path);
  }
  return openOn(disk);
}
