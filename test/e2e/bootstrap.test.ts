import { join } from "node:path";
import { parseMachineRecord } from "@railhead/provisioning";
import { openFileStore } from "@railhead/store";
import { describe, expect, test } from "vitest";
import { ConfigRepo, JOURNAL_WITNESS, witnessed } from "./config-repo.ts";
import { lastTable, SandboxRun } from "./sandbox-run.ts";

const TIMEOUT_SECONDS = 600;

/** Where in the witness's lines something about a unit stands; -1: nowhere. */
function positions(lines: readonly string[], words: readonly string[]): readonly number[] {
  return words.map((word) => lines.findIndex((line) => line.includes(word)));
}

describe("two blank machines, a BIOS manager and a UEFI worker", () => {
  test("bootstrap themselves in the order of their lists, and again after a commit and a reboot, as who they were (SW-25, SW-37)", async () => {
    using repo = new ConfigRepo();
    for (const role of ["manager", "worker"]) repo.addUnit(role, "journal-witness.service", JOURNAL_WITNESS);
    const first = repo.commit("Print the journal");
    await using sandbox = SandboxRun.start(
      ...["--nodes", "2", "--managers", "1", "--firmware", "bios,uefi", "--config-repo", repo.path],
      ...["--timeout", String(TIMEOUT_SECONDS), "--keep"],
    );
    await sandbox.until(/Ctrl-C removes everything/, TIMEOUT_SECONDS + 120);

    const before = lastTable(sandbox.output);
    expect(before).toMatchObject([
      { node: "core-01", address: "10.77.0.11", role: "manager", state: "running", units: "4 of 4 ok" },
      { node: "core-02", address: "10.77.0.12", role: "worker", state: "running", units: "4 of 4 ok" },
    ]);
    for (const row of before) expect(first.startsWith(row.revision)).toBe(true);
    expect(sandbox.console("core-01")).toContain("SeaBIOS");
    expect(sandbox.console("core-02")).toContain("EFI");

    // Three units before the witness, by their descriptions, in the order of the role's list.
    const manager = witnessed(sandbox.console("core-01"));
    const worker = witnessed(sandbox.console("core-02"));
    const managerOrder = positions(manager, [
      "Finished node-prepare.service",
      "Started node-heartbeat.service",
      "Listening on node-health.socket",
    ]);
    const workerOrder = positions(worker, [
      "Finished node-prepare.service",
      "Listening on node-health.socket",
      "Started disk-report.timer",
    ]);
    for (const order of [managerOrder, workerOrder]) {
      expect(Math.min(...order)).toBeGreaterThanOrEqual(0);
      expect(order.toSorted((a, b) => a - b)).toEqual(order);
    }

    repo.addUnit(
      "worker",
      "after-commit.service",
      "[Unit]\nDescription=New with the commit\n[Service]\nType=oneshot\nStandardOutput=tty\nTTYPath=/dev/ttyS0\nExecStart=/bin/echo NEW-UNIT-RAN\n",
    );
    const second = repo.commit("One more unit for the workers");
    expect(sandbox.console("core-02")).not.toContain("NEW-UNIT-RAN");
    const after = lastTable(sandbox.verb("reboot", "core-02"));
    expect(after).toMatchObject([
      { ...before[0] },
      { ...before[1], units: "5 of 5 ok", revision: second.slice(0, before[1]?.revision.length) },
    ]);
    expect(sandbox.console("core-02")).toContain("NEW-UNIT-RAN");

    sandbox.signal("SIGINT");
    expect(await sandbox.exitCode(60)).toBe(0);
    await using store = new AsyncDisposableStack();
    const opened = store.adopt(await openFileStore(join(sandbox.runDirectory, "state")), (file) => file.close());
    const machines = opened.collection("machines", parseMachineRecord);
    expect([...machines.all().keys()].toSorted()).toEqual(["core-01", "core-02"]);
    const record = machines.get("core-02");
    expect(record).toMatchObject({
      boots: 2,
      mac: before[1]?.mac,
      address: "10.77.0.12",
      boot: { stage: "running", revision: second },
    });
    expect(record?.firstSeen).toBeLessThan(record?.boot.startedAt ?? 0);
  });
});

describe("a unit that fails", () => {
  test("makes the node failed, names the unit, shows its journal, leaves the later ones alone, and the sandbox says no", async () => {
    using repo = new ConfigRepo();
    repo.addUnit(
      "manager",
      "broken.service",
      "[Unit]\nDescription=Broken on purpose\n[Service]\nType=oneshot\nExecStart=/bin/sh -c 'echo the reason is in the journal; exit 7'\n",
    );
    repo.addUnit(
      "manager",
      "never.service",
      "[Unit]\nDescription=Never started\n[Service]\nType=oneshot\nStandardOutput=tty\nTTYPath=/dev/ttyS0\nExecStart=/bin/echo NEVER-RAN\n",
    );
    repo.commit("Break it");
    await using sandbox = SandboxRun.start(
      "--nodes",
      "1",
      "--managers",
      "1",
      "--once",
      "--keep",
      "--config-repo",
      repo.path,
      "--timeout",
      String(TIMEOUT_SECONDS),
    );
    expect(await sandbox.exitCode(TIMEOUT_SECONDS + 60)).toBe(1);
    expect(lastTable(sandbox.output)).toMatchObject([
      { node: "core-01", state: "failed", units: expect.stringContaining("3 of 5") },
    ]);
    expect(sandbox.output).toContain("broken.service");
    expect(sandbox.output).toContain("the reason is in the journal");
    expect(sandbox.console("core-01")).not.toContain("NEVER-RAN");
    expect(sandbox.output).not.toContain("never.service");
  });
});
