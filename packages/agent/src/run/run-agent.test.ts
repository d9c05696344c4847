import { mkdir, mkdtemp, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { down, ModelMachine, REVISION } from "../../testing/model-machine.ts";
import { AgentError } from "../agent-error.ts";
import { openUnitDirectory } from "../systemd/unit-directory.ts";
import { EXIT_CODE } from "./exit-codes.ts";

function unreachable(): never {
  throw new AgentError("repo-unreachable", "connection refused");
}

let machine: ModelMachine;

beforeEach(async () => {
  machine = new ModelMachine(await mkdtemp(join(tmpdir(), "railhead-run-")));
});

afterEach(async () => {
  await rm(machine.root, { recursive: true });
});

describe("a run in which all goes well", () => {
  test("SW-37: reloads systemd once and starts the units in the order of the list", async () => {
    await machine.units("c.service", "a.service", "b.timer");
    expect(await machine.run()).toBe(EXIT_CODE.running);
    expect(machine.calls).toEqual(["reload", "start c.service", "start a.service", "start b.timer"]);
  });

  test("SW-75: reports each step, in order and numbered", async () => {
    await machine.units("a.service", "b.service");
    await machine.run();
    expect(machine.reports.map((report) => report.kind)).toEqual([
      "agent-started",
      "repo-synced",
      "unit-started",
      "unit-finished",
      "unit-started",
      "unit-finished",
      "run-finished",
    ]);
    expect(machine.reports.map((report) => report.sequence)).toEqual([1, 2, 3, 4, 5, 6, 7]);
    expect(machine.reports[1]).toMatchObject({ revision: REVISION, units: ["a.service", "b.service"] });
    expect(machine.reports[5]).toMatchObject({ unit: "b.service", index: 2, total: 2, outcome: "active" });
    expect(machine.lastReport()).toMatchObject({ outcome: "running", revision: REVISION, unitsOk: 2, unitsTotal: 2 });
  });

  test("SW-25: a second run of the same revision changes nothing", async () => {
    await machine.units("a.service", "b.service");
    await machine.run();
    expect(await machine.run()).toBe(EXIT_CODE.running);
    expect(machine.calls).toEqual([]);
    expect(machine.lastReport()).toMatchObject({ outcome: "running", unitsOk: 2 });
  });

  test("SW-25: a changed unit is restarted, the unchanged ones are left alone", async () => {
    await machine.units("a.service", "b.service", "c.service");
    await machine.run();
    await writeFile(join(machine.root, "config/systemd-units/b.service"), "# changed\n");
    await machine.run();
    expect(machine.calls).toEqual(["reload", "restart b.service"]);
  });

  test("a unit that failed before is started anew, its failure forgotten", async () => {
    await machine.units("a.service");
    machine.states.set("a.service", { ...down, activeState: "failed" });
    expect(await machine.run()).toBe(EXIT_CODE.running);
    expect(machine.calls).toEqual(["reload", "forget a.service", "start a.service"]);
  });

  test("an empty list asks for nothing", async () => {
    await machine.config({ "worker-systemd-units.txt": "# nothing yet\n" });
    expect(await machine.run()).toBe(EXIT_CODE.running);
    expect(machine.calls).toEqual([]);
  });

  test("credentials of the repo URL are neither logged nor reported", async () => {
    await machine.units("a.service");
    await machine.run();
    expect(JSON.stringify([machine.events, machine.reports])).not.toContain("hunter2");
    expect(machine.reports[0]).toMatchObject({ repo: { url: "http://10.77.0.1/config.git" } });
  });
});

describe("SW-38, SW-40: a unit that fails", () => {
  test("ends the run: later units are not started, and the exit code says so", async () => {
    await machine.units("a.service", "b.service", "c.service");
    machine.behaviour.set("b.service", {
      job: { kind: "refused", message: "Job for b.service failed." },
      shows: [{ activeState: "failed", subState: "failed", result: "exit-code", mainStatus: 3 }],
    });
    expect(await machine.run()).toBe(EXIT_CODE.unitFailed);
    expect(machine.calls).toEqual(["reload", "start a.service", "start b.service"]);
    expect(machine.lastReport()).toMatchObject({
      kind: "run-finished",
      outcome: "failed",
      failedUnit: "b.service",
      reason: "b.service: Job for b.service failed: result exit-code, status 3",
      unitsOk: 1,
      unitsTotal: 3,
    });
  });

  test("is reported with the bounded end of its journal", async () => {
    await machine.units("a.service");
    machine.behaviour.set("a.service", { job: { kind: "refused", message: "no" }, shows: [{ activeState: "failed" }] });
    await machine.run();
    const finished = machine.reports.find((report) => report.kind === "unit-finished");
    expect(finished?.journal).toHaveLength(50);
    expect(finished?.journal?.at(-1)).toMatch(/^a\.service says 79 x{480}/);
  });

  test("SW-37: a unit that hangs to its deadline is stopped, so that it cannot come up later", async () => {
    await machine.units("a.service", "b.service");
    machine.behaviour.set("a.service", {
      job: { kind: "timed-out" },
      shows: [{ activeState: "activating", subState: "start" }],
    });
    expect(await machine.run()).toBe(EXIT_CODE.unitFailed);
    expect(machine.calls).toEqual(["reload", "start a.service", "cancel a.service"]);
    expect(machine.lastReport()).toMatchObject({
      reason: "a.service: not done within its time; it was activating (start)",
    });
  });

  test("a simple service that dies within half a second of its start has failed", async () => {
    await machine.units("a.service");
    machine.behaviour.set("a.service", {
      shows: [{ type: "simple" }, { type: "simple", activeState: "failed", result: "exit-code", mainStatus: 1 }],
    });
    expect(await machine.run()).toBe(EXIT_CODE.unitFailed);
    expect(machine.lastReport()).toMatchObject({ failedUnit: "a.service" });
  });

  test("a service that Restart= brought back meanwhile has failed", async () => {
    await machine.units("a.service");
    machine.behaviour.set("a.service", { shows: [{ type: "exec" }, { type: "exec", restarts: 1 }] });
    expect(await machine.run()).toBe(EXIT_CODE.unitFailed);
  });

  test("a oneshot that still runs its ExecStopPost= is waited for", async () => {
    await machine.units("a.service");
    const oneshot = { type: "oneshot", subState: "dead" };
    machine.behaviour.set("a.service", {
      shows: [
        { ...oneshot, activeState: "deactivating" },
        { ...oneshot, activeState: "inactive" },
      ],
    });
    expect(await machine.run()).toBe(EXIT_CODE.running);
    expect(machine.reports.find((report) => report.kind === "unit-finished")).toMatchObject({ outcome: "finished" });
  });
});

describe("a config repo that is wrong", () => {
  test("SW-37: all problems of list and files are told with their lines, and nothing is touched", async () => {
    await machine.config({
      "worker-systemd-units.txt": "a.service\nnonsense\nmissing.service\nempty.service\nrailhead-agent.service\n",
      "systemd-units/a.service": "# a\n",
      "systemd-units/empty.service": "",
      "systemd-units/railhead-agent.service": "# me\n",
    });
    expect(await machine.run()).toBe(EXIT_CODE.badConfig);
    const problems = machine.events.filter((event) => event.event === "problem");
    expect(problems.map(({ file, line }) => [file, line])).toEqual(
      [2, 3, 4, 5].map((line) => ["worker-systemd-units.txt", line]),
    );
    expect(problems.map(({ problem }) => problem)).toEqual([
      expect.stringContaining('"nonsense"'),
      "missing.service: there is no systemd-units/missing.service",
      "systemd-units/empty.service is empty, which systemd takes for masked",
      expect.stringContaining("the agent's own service"),
    ]);
    expect(machine.calls).toEqual([]);
    await expect(openUnitDirectory(join(machine.root, "units")).read("a.service")).resolves.toEqual({
      kind: "missing",
    });
    expect(machine.lastReport()).toMatchObject({ outcome: "failed", revision: REVISION, unitsTotal: 0 });
  });

  test("SW-01: a role without a list is told which lists there are", async () => {
    await machine.config({ "manager-systemd-units.txt": "" });
    expect(await machine.run()).toBe(EXIT_CODE.badConfig);
    expect(machine.events.at(-1)).toMatchObject({
      event: "run-finished",
      reason: "the config repo has no worker-systemd-units.txt",
      hint: "it has manager-systemd-units.txt",
    });
  });

  test.each(["after", "requires", "requisite", "bindsTo", "partOf", "conflicts"] as const)(
    "SW-64: a unit that is tied to the agent's service by %s is refused before any is started",
    async (relation) => {
      await machine.units("a.service", "b.service");
      machine.states.set("b.service", { ...down, [relation]: ["sysinit.target", "railhead-agent.service"] });
      expect(await machine.run()).toBe(EXIT_CODE.badConfig);
      expect(machine.calls).toEqual(["reload"]);
      expect(machine.lastReport()).toMatchObject({
        reason: expect.stringMatching(/^b\.service has \w+=railhead-agent\.service/),
      });
    },
  );

  test("a unit that is masked on this machine stays masked", async () => {
    await machine.units("a.service");
    await mkdir(join(machine.root, "units"));
    await symlink("/dev/null", join(machine.root, "units/a.service"));
    expect(await machine.run()).toBe(EXIT_CODE.badConfig);
    expect(machine.calls).toEqual([]);
  });
});

describe("a boot server or a config repo that is away", () => {
  test("SW-21: the repo is tried again until it is there", async () => {
    await machine.units("a.service");
    let attempts = 0;
    machine.checkOut = () => {
      attempts++;
      if (attempts < 5) unreachable();
    };
    expect(await machine.run()).toBe(EXIT_CODE.running);
    expect(
      machine.events.filter((event) => event.event === "repo-attempt-failed").map((event) => event.retrySeconds),
    ).toEqual([0.5, 1, 2, 4]);
  });

  test("SW-31: but not for ever", async () => {
    machine.checkOut = unreachable;
    expect(await machine.run()).toBe(EXIT_CODE.badConfig);
    expect(machine.elapsedMs).toBeLessThan(31_000 + 5_000);
    expect(machine.lastReport()).toMatchObject({ outcome: "failed", reason: "connection refused", unitsOk: 0 });
    expect(machine.lastReport()).not.toHaveProperty("revision");
  });

  test("SW-74: a server that takes no reports holds the run up for a bounded time and fails nothing", async () => {
    await machine.units("a.service");
    machine.send = async () => {
      throw new Error("connect ECONNREFUSED");
    };
    expect(await machine.run()).toBe(EXIT_CODE.running);
    expect(machine.events.at(-1)).toEqual({ event: "reports-lost", count: 5, reason: "connect ECONNREFUSED" });
  });
});

describe("the unexpected", () => {
  test("systemd that does not answer is neither the unit's nor the repo's fault", async () => {
    await machine.units("a.service");
    machine.systemd.reload = async () => {
      throw new AgentError("systemd-failed", "Host is down");
    };
    expect(await machine.run()).toBe(EXIT_CODE.broken);
    expect(machine.lastReport()).toMatchObject({ outcome: "failed", reason: "Host is down" });
  });

  test("an agent that is told to stop starts no more units and says so", async () => {
    await machine.units("a.service", "b.service");
    machine.behaviour.set("a.service", { job: { kind: "interrupted" }, shows: [{ activeState: "activating" }] });
    machine.stopping.abort();
    expect(await machine.run()).toBe(EXIT_CODE.unitFailed);
    expect(machine.calls).toEqual(["reload", "start a.service", "cancel a.service"]);
  });
});
