import { execFile } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { afterEach, beforeEach, describe, expect, test } from "vitest";

const SCRIPT = fileURLToPath(new URL("./store-disk-full.ts", import.meta.url));

let directory: string;

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), "railhead-store-"));
});

afterEach(() => {
  rmSync(directory, { recursive: true });
});

describe("a store on a disk that is full (needs root, for a file system of its own)", () => {
  test.skipIf(process.getuid?.() !== 0)(
    "refuses what does not fit, keeps what it acknowledged, and goes on when there is room",
    async () => {
      const { stdout } = await promisify(execFile)("unshare", [
        "--mount",
        "--",
        process.execPath,
        "--conditions=railhead-source",
        SCRIPT,
        directory,
      ]);
      const seen: unknown = JSON.parse(stdout);
      expect(seen).toEqual({
        refusals: expect.any(Number),
        kinds: [
          `store-write-failed: make room on the file system of ${join(directory, "store")}; ` +
            "records are accepted again as soon as there is some",
        ],
        standsInMemory: true,
        standsOnDisk: true,
        problems: [],
      });
      expect(seen).not.toMatchObject({ refusals: 0 });
    },
  );
});
