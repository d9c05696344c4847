import { describe, expect, test } from "vitest";
import type { CommandOutcome, RunCommand } from "../process/run-command.ts";
import { runCommand } from "../process/run-command.ts";
import { createSystemctl } from "./systemctl.ts";

const signal = new AbortController().signal;

type Exited = Extract<CommandOutcome, { kind: "exited" }>;

/** systemd behind a command that always ends as `outcome`, and the argv it was given. */
function systemctlThat(outcome: Partial<Exited> | Exclude<CommandOutcome, Exited>) {
  const argvs: (readonly string[])[] = [];
  const run: RunCommand = async (argv) => {
    argvs.push(argv);
    if (outcome.kind === "timed-out" || outcome.kind === "interrupted") return outcome;
    return { kind: "exited", exitCode: 0, stdout: "", stderr: "", ...outcome };
  };
  return { systemd: createSystemctl(run), argvs };
}

describe("systemctl", () => {
  test("gets a unit's name after --, so that no name is an option", async () => {
    const { systemd, argvs } = systemctlThat({});
    await systemd.start("a.service", "restart", { timeoutMs: 1000, signal });
    await systemd.stop("a.service", { wait: false });
    expect(argvs).toEqual([
      ["systemctl", "--no-pager", "--no-ask-password", "restart", "--", "a.service"],
      ["systemctl", "--no-pager", "--no-ask-password", "stop", "--no-block", "--", "a.service"],
    ]);
  });

  test("is not asked about no units, which it would take for a question about itself", async () => {
    const { systemd, argvs } = systemctlThat({});
    expect(await systemd.show([])).toEqual([]);
    expect(argvs).toEqual([]);
  });

  test("that refuses a start is quoted with the first line it says", async () => {
    const stderr =
      "Failed to start b3.service: Unit b3.service has a bad unit file setting.\nSee system logs and 'systemctl status'.\n";
    const { systemd } = systemctlThat({ exitCode: 1, stderr });
    expect(await systemd.start("b3.service", "start", { timeoutMs: 1000, signal })).toEqual({
      kind: "refused",
      message: "Failed to start b3.service: Unit b3.service has a bad unit file setting.",
    });
  });

  test("that takes too long over a start is an outcome, over a reload a failure", async () => {
    const { systemd } = systemctlThat({ kind: "timed-out" });
    expect(await systemd.start("a.service", "start", { timeoutMs: 1000, signal })).toEqual({ kind: "timed-out" });
    await expect(systemd.reload()).rejects.toMatchObject({
      code: "systemd-failed",
      message: "systemctl daemon-reload: timed-out",
    });
  });

  test("that cannot reach systemd fails with what it says", async () => {
    const stderr = "System has not been booted with systemd as init system (PID 1). Can't operate.\n";
    const { systemd } = systemctlThat({ exitCode: 1, stderr });
    await expect(systemd.show(["a.service"])).rejects.toMatchObject({
      message: expect.stringContaining("not been booted with systemd"),
    });
  });

  test("that is not there is named, with a hint", async () => {
    const systemd = createSystemctl((argv, limits) => runCommand(["/nonexistent/systemctl", ...argv.slice(1)], limits));
    await expect(systemd.reload()).rejects.toMatchObject({
      code: "systemd-failed",
      hint: expect.stringContaining("systemd"),
    });
  });
});

describe("a unit's journal", () => {
  test("is given by lines, the last ones", async () => {
    const { systemd } = systemctlThat({ stdout: "one\ntwo\n\nthree\n" });
    expect(await systemd.journalTail("a.service", 2)).toEqual(["two", "three"]);
  });

  test("that cannot be read is empty: the failure it belongs to counts more", async () => {
    const systemd = createSystemctl(async () => {
      throw new Error("spawn journalctl ENOENT");
    });
    expect(await systemd.journalTail("a.service", 50)).toEqual([]);
  });
});

describe("a command", () => {
  test("gives exit code and output", async () => {
    expect(await runCommand(["bash", "-c", "echo out; echo err >&2; exit 3"], { timeoutMs: 5000 })).toEqual({
      kind: "exited",
      exitCode: 3,
      stdout: "out\n",
      stderr: "err\n",
    });
  });

  test("that does not end in time is killed", async () => {
    expect(await runCommand(["sleep", "60"], { timeoutMs: 50 })).toEqual({ kind: "timed-out" });
  });

  test("is ended when the agent is told to stop, and is not started after that", async () => {
    const stop = new AbortController();
    const running = runCommand(["sleep", "60"], { timeoutMs: 60_000, signal: stop.signal });
    stop.abort();
    expect(await running).toEqual({ kind: "interrupted" });
    expect(await runCommand(["sleep", "60"], { timeoutMs: 60_000, signal: stop.signal })).toEqual({
      kind: "interrupted",
    });
  });
});
