import { describe, expect, test } from "vitest";
import { type Choose, type DiskOperation, SimulatedDisk } from "../../testing/simulated-disk.ts";
import { openOn, restarted } from "../../testing/simulated-restart.ts";

const keepNothing: Choose = () => 0;
const keepAll: Choose = (most) => most;

describe("a put that the disk refuses", () => {
  test.each<[string, DiskOperation, string, string]>([
    ["a full disk", "write", "ENOSPC", "make room on the file system of /store"],
    ["a write error", "write", "EIO", "look for errors of the disk under /store"],
    ["a flush error", "datasync", "EIO", "look for errors of the disk under /store"],
    ["a full disk found at the flush", "datasync", "ENOSPC", "make room on the file system of /store"],
  ])("(%s) rejects, and the former record stands, also after a restart", async (_, operation, code, hint) => {
    for (const choose of [keepNothing, keepAll]) {
      const disk = new SimulatedDisk();
      const { records } = await openOn(disk);
      await records.put("one", 1);
      disk.failNext(operation, code);
      const refused = [records.put("one", 2), records.put("two", 2), records.delete("one")];
      for (const put of refused) {
        await expect(put).rejects.toMatchObject({
          code: "store-write-failed",
          cause: { code },
          hint: expect.stringContaining(hint),
        });
      }
      expect(new Map(records.all())).toEqual(new Map([["one", 1]]));
      const after = await restarted(disk, choose);
      expect(new Map(after.records.all())).toEqual(new Map([["one", 1]]));
      expect(after.store.problems).toEqual([]);
    }
  });

  test("does not take the puts behind it along", async () => {
    const disk = new SimulatedDisk();
    const { records } = await openOn(disk);
    disk.failNext("datasync", "EIO");
    const refused = records.put("one", 1);
    await Promise.resolve();
    await Promise.resolve();
    const behind = records.put("two", 2);
    await expect(refused).rejects.toMatchObject({ code: "store-write-failed" });
    await behind;
    const after = await restarted(disk, keepNothing);
    expect(new Map(after.records.all())).toEqual(new Map([["two", 2]]));
  });

  test("is not followed by an acknowledgement out of the file whose flush failed", async () => {
    const disk = new SimulatedDisk();
    const { records } = await openOn(disk);
    await records.put("one", 1);
    disk.failNext("datasync", "EIO");
    disk.failNext("open", "EMFILE");
    await expect(records.put("two", 2)).rejects.toMatchObject({ cause: { code: "EIO" } });
    disk.failNext("open", "EMFILE");
    await expect(records.put("two", 2)).rejects.toMatchObject({ cause: { code: "EMFILE" } });
    await records.put("three", 3);
    const after = await restarted(disk, keepNothing);
    expect(new Map(after.records.all())).toEqual(
      new Map([
        ["one", 1],
        ["three", 3],
      ]),
    );
  });

  test("for want of space is cut off without needing space for a whole journal", async () => {
    const disk = new SimulatedDisk();
    const { records } = await openOn(disk);
    await records.put("one", 1);
    const opens = disk.calls.get("open");
    disk.failNext("write", "ENOSPC");
    await expect(records.put("one", 2)).rejects.toMatchObject({ cause: { code: "ENOSPC" } });
    await records.put("two", 2);
    expect(disk.calls.get("open")).toBe(opens);
  });
});

test.each<[DiskOperation]>([["open"], ["rename"], ["syncDirectory"]])(
  "a compaction that fails (%s) is a problem to report, and costs no record",
  async (operation) => {
    const disk = new SimulatedDisk();
    const { records, store } = await openOn(disk);
    disk.failNext(operation, "EIO");
    let last = 0;
    while (store.problems.length === 0) {
      last += 1;
      await records.put("one", last);
    }
    await records.put("one", last + 1);
    expect(store.problems).toMatchObject([{ kind: "rewrite-failed", cause: { code: "EIO" } }]);
    const after = await restarted(disk, keepNothing);
    expect(new Map(after.records.all())).toEqual(new Map([["one", last + 1]]));
  },
);
