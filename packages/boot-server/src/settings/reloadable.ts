import { isDeepStrictEqual } from "node:util";
import type { Settings } from "./schema.ts";

/** What a running server takes over from a changed configuration; everything else needs a restart. */
const RELOADABLE: readonly (keyof Settings)[] = ["networks", "cluster"];

/** The settings in force after a reload. */
export function withReloadable(former: Settings, fresh: Settings): Settings {
  return { ...former, ...Object.fromEntries(RELOADABLE.map((key) => [key, fresh[key]])) };
}

/** The keys whose new values are not in force. */
export function restartNeeded(inForce: Settings, fresh: Settings): readonly string[] {
  const keys = new Set([...Object.keys(inForce), ...Object.keys(fresh)]) as ReadonlySet<keyof Settings>;
  return [...keys].filter((key) => !isDeepStrictEqual(inForce[key], fresh[key]));
}
