import { randomUUID } from "node:crypto";
import { lstat, mkdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { isSystemError } from "../agent-error.ts";

/** Where systemd looks first for the units of this machine. */
export const SYSTEM_UNIT_DIRECTORY = "/etc/systemd/system";

/** systemd's unit files, by name (`etcd.service`, `etcd.service.d/10-limits.conf`). */
export interface UnitDirectory {
  /**
   * The file's content; `missing` when there is none. `foreign`: there is something that is not a plain
   * file, such as the link to /dev/null by which an administrator masks a unit.
   */
  read(name: string): Promise<InstalledFile>;
  /** Puts a whole file in place in one step: systemd never sees half of one. */
  write(name: string, content: string): Promise<void>;
}

export type InstalledFile =
  | { readonly kind: "file"; readonly content: string }
  | { readonly kind: "missing" }
  | { readonly kind: "foreign" };

/** The unit files in `directory`, normally {@link SYSTEM_UNIT_DIRECTORY}. */
export function openUnitDirectory(directory: string): UnitDirectory {
  return {
    async read(name) {
      const path = join(directory, name);
      try {
        if (!(await lstat(path)).isFile()) return { kind: "foreign" };
        return { kind: "file", content: await readFile(path, "utf8") };
      } catch (error) {
        if (isSystemError(error, "ENOENT")) return { kind: "missing" };
        throw error;
      }
    },
    async write(name, content) {
      const path = join(directory, name);
      await mkdir(dirname(path), { recursive: true });
      // systemd takes no notice of a name that begins with a dot.
      const temporary = join(dirname(path), `.railhead-${randomUUID()}`);
      try {
        await writeFile(temporary, content, { mode: 0o644, flush: true });
        await rename(temporary, path);
      } finally {
        await rm(temporary, { force: true });
      }
    },
  };
}
