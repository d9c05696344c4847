import { mkdtemp, rm } from "node:fs/promises";
import { createServer, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, onTestFinished, test } from "vitest";
import { createLineSplitter } from "../process/lines.ts";
import { connectQmp, parseQmpMessage, type QmpEvent } from "./qmp.ts";

const GREETING = {
  QMP: { version: { qemu: { major: 7, minor: 2, micro: 22 }, package: "Debian" }, capabilities: ["oob"] },
};

interface Command {
  readonly execute: string;
  readonly arguments?: unknown;
  readonly id: number;
}

/** A monitor that greets, and answers each command with what `reply` makes of it. */
async function fakeMonitor(reply: (command: Command, socket: Socket) => void): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), "railhead-qmp-"));
  const path = join(folder, "qmp");
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    say(socket, GREETING);
    const splitter = createLineSplitter((line) => {
      const command: Command = JSON.parse(line);
      if (command.execute === "qmp_capabilities") {
        say(socket, { return: {}, id: command.id });
      } else {
        reply(command, socket);
      }
    });
    socket.setEncoding("utf8").on("data", (text: string) => splitter.push(text));
  });
  server.listen(path);
  onTestFinished(async () => {
    sockets.forEach((socket) => socket.destroy());
    server.close();
    await rm(folder, { recursive: true });
  });
  return path;
}

function say(socket: Socket, message: object): void {
  socket.write(`${JSON.stringify(message)}\r\n`);
}

async function connect(path: string, onEvent: (event: QmpEvent) => void = () => undefined) {
  const qmp = await connectQmp({ path, onEvent, timeoutMs: 2000 });
  onTestFinished(qmp.close);
  return qmp;
}

describe("the monitor's client", () => {
  test("gives each command its own answer, whatever their order", async () => {
    const waiting: Command[] = [];
    const path = await fakeMonitor((command, socket) => {
      waiting.push(command);
      const both = waiting.length === 2 ? waiting.toReversed() : [];
      both.forEach(({ execute, id }) => say(socket, { return: { answered: execute }, id }));
    });
    const qmp = await connect(path);
    expect(await Promise.all([qmp.execute("query-status"), qmp.execute("query-name")])).toEqual([
      { answered: "query-status" },
      { answered: "query-name" },
    ]);
  });

  test("hears events between answers", async () => {
    const events: QmpEvent[] = [];
    const path = await fakeMonitor(({ id }, socket) => {
      say(socket, {
        event: "RESET",
        data: { guest: true, reason: "guest-reset" },
        timestamp: { seconds: 1, microseconds: 2 },
      });
      say(socket, { return: {}, id });
    });
    const qmp = await connect(path, (event) => events.push(event));
    await qmp.execute("system_reset");
    expect(events).toEqual([{ event: "RESET", data: { guest: true, reason: "guest-reset" } }]);
  });

  test("passes on what QEMU refuses, in QEMU's words", async () => {
    const path = await fakeMonitor(({ id }, socket) =>
      say(socket, { error: { class: "CommandNotFound", desc: "The command foo has not been found" }, id }),
    );
    const qmp = await connect(path);
    await expect(qmp.execute("foo")).rejects.toMatchObject({
      code: "qmp",
      message: "The command foo has not been found (CommandNotFound)",
    });
  });

  test("does not wait for ever for an answer", async () => {
    const qmp = await connect(await fakeMonitor(() => undefined));
    await expect(qmp.execute("stop", { timeoutMs: 20 })).rejects.toMatchObject({ code: "timed-out" });
  });

  test("tells commands that wait when QEMU ends, and later ones too", async () => {
    const qmp = await connect(await fakeMonitor((_, socket) => socket.destroy()));
    await expect(qmp.execute("quit")).rejects.toMatchObject({ code: "qmp", message: "QEMU closed its monitor" });
    await expect(qmp.execute("cont")).rejects.toMatchObject({ code: "qmp", message: "cont: QEMU is gone" });
  });

  test("fails what waits when the monitor talks nonsense", async () => {
    const qmp = await connect(await fakeMonitor((_, socket) => socket.write("what?\n")));
    await expect(qmp.execute("stop")).rejects.toMatchObject({ code: "qmp", message: expect.stringContaining("what?") });
  });

  test("waits for QEMU to open its socket, but not for ever", async () => {
    const never = connectQmp({ path: "/nonexistent/qmp", onEvent: () => undefined, timeoutMs: 60 });
    await expect(never).rejects.toMatchObject({ code: "qmp", message: expect.stringContaining("/nonexistent/qmp") });
  });

  test("ends its waiting when it is interrupted", async () => {
    const controller = new AbortController();
    const waiting = connectQmp({
      path: "/nonexistent/qmp",
      onEvent: () => undefined,
      timeoutMs: 60_000,
      signal: controller.signal,
    });
    controller.abort();
    await expect(waiting).rejects.toMatchObject({ code: "interrupted" });
  });
});

test.each(["", "[]", "null", "12", '{"hello":1}', '{"return":{}}'])("%j is no message of the protocol", (line) => {
  expect(() => parseQmpMessage(line)).toThrow(expect.objectContaining({ code: "qmp" }));
});
