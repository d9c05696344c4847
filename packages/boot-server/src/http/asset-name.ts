/**
 * The path below the served directory that a URL's path means, decoded. `undefined` for what leads out of it, or to
 * dot files: what an editor or a tool keeps there is not meant for machines.
 */
export function assetName(path: string): string | undefined {
  const segments = path.split("/").filter((segment) => segment !== "");
  return segments.length === 0 || segments.some((segment) => /^\.|[\0\\]/.test(segment))
    ? undefined
    : segments.join("/");
}
