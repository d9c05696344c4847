import { randomUUID } from "node:crypto";
import { lstat, mkdir, readdir, readlink, rename, rm, symlink } from "node:fs/promises";
import { basename, join } from "node:path";
import { AgentError, isSystemError } from "../agent-error.ts";

/**
 * The checkouts in the state directory:
 *
 *     repo -> checkouts/5f0c...     what units see as /var/lib/railhead/repo
 *     checkouts/5f0c...             the checkout in use
 *     checkouts/91aa...             one that is being built, or was left by a kill
 *
 * `repo` is a symbolic link because a link can be replaced in one step (rename(2)) and a directory
 * cannot: at any moment `repo` is the whole old checkout or the whole new one (SW-23).
 */
export interface CheckoutStore {
  /** The stable path of the checkout in use. */
  readonly current: string;
  /** Makes a new, empty directory to build a checkout in. */
  begin(): Promise<string>;
  /** Puts `directory` in use. */
  swapIn(directory: string): Promise<void>;
  /** Removes all checkouts but the one in use. */
  prune(): Promise<void>;
}

/** Throws `AgentError` `checkout-blocked` (from `swapIn`) when `repo` is something the agent did not make. */
export function openCheckoutStore(stateDir: string): CheckoutStore {
  const current = join(stateDir, "repo");
  const checkouts = join(stateDir, "checkouts");
  return {
    current,
    async begin() {
      const directory = join(checkouts, randomUUID());
      await mkdir(directory, { recursive: true, mode: 0o755 });
      return directory;
    },
    async swapIn(directory) {
      await refuseForeign(current);
      const link = join(checkouts, `${basename(directory)}.link`);
      await symlink(join("checkouts", basename(directory)), link);
      await rename(link, current);
    },
    async prune() {
      const inUse = await readlink(current).then(basename, () => undefined);
      for (const name of await readdir(checkouts)) {
        if (name !== inUse) await rm(join(checkouts, name), { recursive: true, force: true });
      }
    },
  };
}

async function refuseForeign(current: string): Promise<void> {
  try {
    if ((await lstat(current)).isSymbolicLink()) return;
  } catch (error) {
    if (isSystemError(error, "ENOENT")) return;
    throw error;
  }
  throw new AgentError("checkout-blocked", `${current} is not the agent's link to a checkout`, {
    hint: `move ${current} away; the agent keeps its checkouts in ${current.replace(/repo$/, "checkouts")}`,
  });
}
