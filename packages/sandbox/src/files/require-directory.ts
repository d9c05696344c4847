import { stat } from "node:fs/promises";
import { SandboxError } from "../sandbox-error.ts";

/** Throws `missing-file` that says what should be there. */
export async function requireDirectory(path: string, what: string): Promise<void> {
  const isDirectory = await stat(path).then(
    (stats) => stats.isDirectory(),
    () => false,
  );
  if (!isDirectory) {
    throw new SandboxError("missing-file", `${what} ${path} is not there`);
  }
}
