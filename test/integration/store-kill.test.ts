import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { openFileStore } from "@railhead/store";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { type Lease, parseLease } from "./store-lease.ts";

const WRITER = fileURLToPath(new URL("./store-writer.ts", import.meta.url));
const KILLS = 25;

let directory: string;

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), "railhead-store-"));
});

afterEach(() => {
  rmSync(directory, { recursive: true });
});

interface Writer {
  readonly pid: number | undefined;
  /** What it said so far. */
  readonly said: () => string;
  /** Sends SIGKILL; resolves when the process is gone and all it said has been heard. */
  readonly kill: () => Promise<void>;
}

/** Resolves once the first lease was given out. */
async function startWriter(): Promise<Writer> {
  const child = spawn(process.execPath, ["--conditions=railhead-source", WRITER, directory], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  const closed = once(child, "close");
  let text = "";
  child.stdout.setEncoding("utf8").on("data", (piece: string) => {
    text += piece;
  });
  await once(child.stdout, "data");
  return {
    pid: child.pid,
    said: () => text,
    async kill() {
      child.kill("SIGKILL");
      await closed;
    },
  };
}

/** The last that was said of each client; a line that was cut off in the middle was not said. */
function acknowledged(said: string): Map<string, Lease> {
  const leases = new Map<string, Lease>();
  for (const [, client = "", address, renewals] of said.matchAll(/^lease (\S+) (\d+) (\d+)\n/gm)) {
    leases.set(client, { address: Number(address), renewals: Number(renewals) });
  }
  return leases;
}

describe("a store whose process is killed with kill -9", () => {
  test(`has every acknowledged lease, and no address twice, ${KILLS} times in a row`, async () => {
    const expected = new Map<string, Lease>();
    for (let round = 0; round < KILLS; round += 1) {
      const writer = await startWriter();
      await setTimeout(Math.random() * 120);
      await writer.kill();
      for (const [client, lease] of acknowledged(writer.said())) {
        expected.set(client, lease);
      }

      const store = await openFileStore(directory);
      const leases = store.collection("bindings", parseLease).all();
      const lost = [...expected].filter(([client, { address, renewals }]) => {
        const found = leases.get(client);
        return found?.address !== address || found.renewals < renewals;
      });
      expect(lost).toEqual([]);
      expect(new Set([...leases.values()].map(({ address }) => address)).size).toBe(leases.size);
      expect(store.problems.filter(({ kind }) => kind !== "torn-tail")).toEqual([]);
      await store.close();
    }
    expect(expected.size).toBeGreaterThan(KILLS);
  });

  test("is refused to a second process before, and free at once after", async () => {
    const writer = await startWriter();
    await expect(openFileStore(directory)).rejects.toMatchObject({
      code: "store-locked",
      message: expect.stringContaining(`process ${writer.pid}`),
    });
    const killed = writer.kill();
    // Soon: nobody has to have collected the dead process first.
    await expect.poll(() => openFileStore(directory).then((store) => store.close())).toBeUndefined();
    await killed;
  });
});
