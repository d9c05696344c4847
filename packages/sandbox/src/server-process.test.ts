import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, onTestFinished, test } from "vitest";
import type { ServerEvent } from "./nodes/server-event.ts";
import { type ServerSpec, startServer } from "./server-process.ts";

/** A server that is a shell script; it is called as `SCRIPT serve --config FILE`. */
async function server(script: string): Promise<{ readonly spec: ServerSpec; readonly events: readonly ServerEvent[] }> {
  const folder = await mkdtemp(join(tmpdir(), "railhead-server-"));
  onTestFinished(() => rm(folder, { recursive: true }));
  const events: ServerEvent[] = [];
  const file = join(folder, "server");
  await writeFile(file, script);
  const spec: ServerSpec = {
    command: ["sh", file],
    settingsFile: join(folder, "railhead.yaml"),
    configRepo: folder,
    logFile: join(folder, "server.log"),
    enter: (argv) => argv,
    onEvent: (event) => events.push(event),
  };
  return { spec, events };
}

const READY = `echo '{"event":"server.ready"}'`;

describe("the boot server", () => {
  test("is started when it says that it is ready, and its events are heard", async () => {
    const { spec, events } = await server(`echo "$1 $2"; ${READY}; exec sleep 60`);
    const started = await startServer(spec);
    expect(events).toEqual([{ kind: "other" }, { kind: "ready" }]);
    await started.stop();
    expect(await readFile(spec.logFile, "utf8")).toContain("serve --config");
  });

  test("that ends before it is ready fails with its last lines", async () => {
    const { spec } = await server("echo 'port 67 is in use' >&2; exit 1");
    await expect(startServer(spec)).rejects.toMatchObject({
      code: "server-failed",
      message: "the boot server ended with exit code 1\nport 67 is in use",
      hint: expect.stringContaining(spec.logFile),
    });
  });

  test("that is never ready is not waited for for ever", async () => {
    const { spec } = await server("exec sleep 60");
    await expect(startServer({ ...spec, timeoutSeconds: 0.05 })).rejects.toMatchObject({ code: "server-failed" });
  });

  test("that ends later tells how", async () => {
    const { spec } = await server(`${READY}; sleep 0.05; echo 'out of memory' >&2; exit 7`);
    const started = await startServer(spec);
    const failure = started.failure(await started.exited);
    expect(failure.message.split("\n")).toEqual([
      "the boot server ended with exit code 7",
      '{"event":"server.ready"}',
      "out of memory",
    ]);
  });

  test("whose start is interrupted is gone", async () => {
    const { spec } = await server("exec sleep 60");
    const controller = new AbortController();
    const starting = startServer({ ...spec, signal: controller.signal });
    controller.abort();
    await expect(starting).rejects.toMatchObject({ code: "interrupted" });
  });
});
