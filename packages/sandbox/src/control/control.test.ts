import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, onTestFinished, test } from "vitest";
import { controlSandbox } from "./control-client.ts";
import { type ControlHandler, startControlServer } from "./control-server.ts";
import { register } from "./registry.ts";

/** A running sandbox that does what `handler` does, and a second process that asks it. */
async function sandbox(handler: ControlHandler) {
  const runDirectory = await mkdtemp(join(tmpdir(), "railhead-control-"));
  const controlSocket = join(runDirectory, "control.sock");
  const registry = join(runDirectory, "registry");
  const server = await startControlServer(controlSocket, handler);
  await register(registry, { runDirectory, controlSocket, keep: false });
  onTestFinished(async () => {
    await server.close();
    await rm(runDirectory, { recursive: true, force: true });
  });
  const shown: string[] = [];
  return { server, shown, io: { registry, stdout: { write: (text: string) => shown.push(text) } } };
}

describe("a second process", () => {
  test("shows what the sandbox says and ends with its exit code", async () => {
    const { io, shown } = await sandbox(async (request, say) => {
      say(`asked for ${JSON.stringify(request)}`);
      say("core-02    0.0 s  powered on");
      return 3;
    });
    expect(await controlSandbox({ verb: "reboot", node: "core-02" }, io)).toBe(3);
    expect(shown).toEqual(['asked for {"verb":"reboot","node":"core-02"}\n', "core-02    0.0 s  powered on\n"]);
  });

  test("is told what went wrong", async () => {
    const { io, shown } = await sandbox(() => Promise.reject(new Error("no node is called core-09")));
    expect(await controlSandbox({ verb: "reboot", node: "core-09" }, io)).toBe(1);
    expect(shown).toEqual(["no node is called core-09\n"]);
  });

  test("is told when the sandbox ends without an answer", async () => {
    const { io, server } = await sandbox(() => new Promise<number>(() => undefined));
    const [asked] = await Promise.allSettled([controlSandbox({ verb: "status" }, io), server.close()]);
    expect(asked).toMatchObject({ status: "rejected", reason: { code: "control" } });
  });

  test("that goes away is noticed", async () => {
    const { promise: noticed, resolve } = Promise.withResolvers<boolean>();
    const { io } = await sandbox(async (_, say, signal) => {
      signal.addEventListener("abort", () => resolve(true));
      say("working");
      return new Promise<number>(() => undefined);
    });
    const controller = new AbortController();
    const asking = controlSandbox(
      { verb: "stop" },
      { ...io, stdout: { write: () => controller.abort() }, signal: controller.signal },
    );
    await expect(asking).rejects.toMatchObject({ code: "interrupted" });
    expect(await noticed).toBe(true);
  });

  test("finds no sandbox where none runs", async () => {
    const io = { registry: "/nonexistent", stdout: { write: () => true } };
    await expect(controlSandbox({ verb: "status" }, io)).rejects.toMatchObject({
      code: "no-sandbox",
      message: "no sandbox is running",
    });
    await expect(controlSandbox({ verb: "status" }, { ...io, pid: 12 })).rejects.toMatchObject({
      message: "no sandbox runs as process 12",
    });
  });
});
