import { execFile } from "node:child_process";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { expect, onTestFinished, test } from "vitest";
import { describeExit, startChild } from "./child.ts";

test("a child's lines are heard, logged and kept, and its exit is told", async () => {
  const directory = await mkdtemp(join(tmpdir(), "railhead-child-"));
  onTestFinished(() => rm(directory, { recursive: true }));
  const heard: string[] = [];
  const child = await startChild({
    argv: ["sh", "-c", "echo out; sleep 0.05; echo err >&2; exit 3"],
    logFile: join(directory, "log"),
    onLine: (line, stream) => heard.push(`${stream}: ${line}`),
  });
  expect(await child.exited).toEqual({ code: 3 });
  expect(heard).toEqual(["stdout: out", "stderr: err"]);
  expect(child.tail()).toEqual(["out", "err"]);
  expect(await readFile(join(directory, "log"), "utf8")).toBe("out\nerr\n");
});

test("a program that does not exist is told by the name it was called by", async () => {
  const child = await startChild({ argv: ["/nonexistent/railhead"] });
  expect(await child.exited).toMatchObject({ code: 127 });
  expect(child.tail().join(" ")).toContain("/nonexistent/railhead");
});

test("a child that ignores SIGTERM is killed when the limit has passed, and its own children with it", async () => {
  const pids: number[] = [];
  const child = await startChild({
    argv: ["sh", "-c", "trap '' TERM; sh -c 'trap \"\" TERM; echo $$; sleep 60 & wait' & echo $$; wait; sleep 60"],
    onLine: (line) => pids.push(Number(line)),
  });
  await expect.poll(() => pids.length).toBe(2);
  await child.stop(100);
  expect(describeExit(await child.exited)).toBe("signal SIGKILL");
  await expect.poll(() => Promise.all(pids.map(isRunning))).toEqual([false, false]);
});

test("a child that has ended already can be stopped", async () => {
  const child = await startChild({ argv: ["true"] });
  await child.exited;
  await child.stop();
  expect(child.hasExited()).toBe(true);
});

test("a child dies with this process, even when that is killed", async () => {
  const module = new URL("./child.ts", import.meta.url).href;
  const script = `
    const { startChild } = await import(${JSON.stringify(module)});
    const child = await startChild({ argv: ["sleep", "60"] });
    process.stdout.write(String(child.pid), () => process.kill(process.pid, "SIGKILL"));
  `;
  const run = promisify(execFile)(process.execPath, ["--input-type=module", "--eval", script]);
  const died = await run.catch((error: { readonly signal: string; readonly stdout: string }) => error);
  expect(died).toMatchObject({ signal: "SIGKILL" });
  const pid = Number(died.stdout);
  expect(pid).toBeGreaterThan(1);
  await expect.poll(() => isRunning(pid)).toBe(false);
});

/** Whether a process does anything any more: a zombie that nobody has collected does not. */
async function isRunning(pid: number): Promise<boolean> {
  const stat = await readFile(`/proc/${pid}/stat`, "utf8").catch(() => "");
  return stat !== "" && !/\) Z /.test(stat);
}
