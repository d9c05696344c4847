import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { StoreError } from "../store-error.ts";
import { type FileSystem, systemErrorCode } from "./file-system.ts";

/** Boot of the machine, process, start of the process: no two processes ever share all three. */
const CLAIM = /^lock-([0-9a-f-]+)-(\d+)-(\d+)$/;

/**
 * Makes this process the only one that has the store open; resolves with the function that lets go.
 *
 * Each process puts down a claim of its own and then looks for others, so of two that come at once at least
 * one sees the other, and no claim is ever taken over. A claim whose process is gone (killed, or before a
 * reboot) counts for nothing and is cleared away. Processes of another PID namespace are not seen.
 * @throws StoreError store-locked, naming the process that has it
 */
export async function acquireLock(fileSystem: FileSystem, directory: string): Promise<() => Promise<void>> {
  const boot = (await readFile("/proc/sys/kernel/random/boot_id", "utf8")).trim();
  const mine = `lock-${boot}-${process.pid}-${await processStart(process.pid)}`;
  await claim(fileSystem, join(directory, mine));
  const release = () => fileSystem.remove(join(directory, mine));
  try {
    for (const name of await fileSystem.list(directory)) {
      const [, claimBoot, pid, start] = CLAIM.exec(name) ?? [];
      if (name === mine || pid === undefined) {
        continue;
      }
      if (claimBoot === boot && (await processStart(Number(pid))) === start) {
        throw locked(directory, Number(pid));
      }
      await fileSystem.remove(join(directory, name));
    }
  } catch (error) {
    await release();
    throw error;
  }
  return release;
}

async function claim(fileSystem: FileSystem, path: string): Promise<void> {
  try {
    const file = await fileSystem.open(path, "new");
    await file.close();
  } catch (error) {
    throw systemErrorCode(error) === "EEXIST" ? locked(join(path, ".."), process.pid) : error;
  }
}

function locked(directory: string, pid: number): StoreError {
  const who = pid === process.pid ? `this process (${pid})` : `process ${pid}`;
  return new StoreError("store-locked", `${directory} is in use by ${who}`, {
    hint: "one store has one writer: stop the other process, or give this one a directory of its own",
  });
}

/** When the process started, in clock ticks since boot (proc_pid_stat(5), field 22); undefined when it has ended. */
async function processStart(pid: number): Promise<string | undefined> {
  let stat: string;
  try {
    stat = await readFile(`/proc/${pid}/stat`, "utf8");
  } catch (error) {
    const code = systemErrorCode(error);
    if (code === "ENOENT" || code === "ESRCH") {
      return undefined;
    }
    throw error;
  }
  // Field 2 is the command in parentheses and may itself hold both spaces and parentheses.
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  const state = fields[0];
  return state === "Z" || state === "X" ? undefined : fields[19];
}
