import type { Inventory } from "@railhead/provisioning";
import type { CompiledTemplate } from "@railhead/render";

/** One whole state of the data directory. Every answer is made from one snapshot, never from two. */
export interface Snapshot {
  readonly inventory: Inventory;
  /** What makes the Ignition configs: the files under `ignition/`, by name. */
  readonly ignition: ReadonlyMap<string, CompiledTemplate>;
  /** Dangling names: what is served to nobody until it is mended. */
  readonly problems: readonly string[];
}
