import { once } from "node:events";
import { connect, type Socket } from "node:net";
import { isJsonObject, type JsonObject, parseJsonObject } from "../json-object.ts";
import { createLineSplitter } from "../process/lines.ts";
import { sleep, waitFor } from "../process/wait.ts";
import { SandboxError } from "../sandbox-error.ts";

/** QEMU says by itself that something happened to the machine. */
export interface QmpEvent {
  readonly event: string;
  readonly data: JsonObject;
}

/** One line of the QEMU Machine Protocol, read. */
export type QmpMessage =
  | { readonly kind: "greeting" }
  | { readonly kind: "return"; readonly id: number; readonly value: unknown }
  | { readonly kind: "error"; readonly id: number | undefined; readonly class: string; readonly description: string }
  | { readonly kind: "event"; readonly event: QmpEvent };

export interface Qmp {
  /** Runs a command and gives its return value. Throws `qmp` when QEMU refuses or is gone, `timed-out` after the limit. */
  readonly execute: (command: string, options?: QmpCommandOptions) => Promise<unknown>;
  readonly close: () => void;
}

export interface QmpCommandOptions {
  readonly arguments?: JsonObject;
  /** Default 5000. */
  readonly timeoutMs?: number;
}

export interface QmpConnectOptions {
  readonly path: string;
  readonly onEvent: (event: QmpEvent) => void;
  /** For QEMU to open its socket and greet. */
  readonly timeoutMs: number;
  readonly signal?: AbortSignal | undefined;
}

interface Waiting {
  readonly resolve: (value: unknown) => void;
  readonly reject: (error: Error) => void;
}

/**
 * Connects to QEMU's monitor, trying until its socket is there, and leaves the negotiation mode.
 * Protocol: https://www.qemu.org/docs/master/interop/qmp-spec.html
 */
export async function connectQmp(options: QmpConnectOptions): Promise<Qmp> {
  const { path, timeoutMs, signal } = options;
  const deadline = performance.now() + timeoutMs;
  const socket = await openSocket(path, deadline, signal);
  try {
    const { promise: greeted, resolve: onGreeting } = Promise.withResolvers<void>();
    const qmp = converse(socket, { onEvent: options.onEvent, onGreeting });
    const left = Math.max(1, deadline - performance.now());
    const onTimeout = (): Error => new SandboxError("timed-out", `QEMU did not greet within ${timeoutMs / 1000} s`);
    await waitFor(greeted, { signal, timeoutMs: left, onTimeout });
    await waitFor(qmp.execute("qmp_capabilities", { timeoutMs: left }), { signal });
    return qmp;
  } catch (error) {
    socket.destroy();
    throw error;
  }
}

/** Reads one line of the protocol. Throws `qmp` for anything that is none of its four messages. Pure. */
export function parseQmpMessage(line: string): QmpMessage {
  const message = parseJsonObject(line);
  if (message === undefined) {
    throw new SandboxError("qmp", `QEMU's monitor did not speak JSON: ${line.slice(0, 200)}`);
  }
  const { id, event, error } = message;
  if (typeof event === "string") {
    return { kind: "event", event: { event, data: isJsonObject(message["data"]) ? message["data"] : {} } };
  }
  if (isJsonObject(error)) {
    return {
      kind: "error",
      id: typeof id === "number" ? id : undefined,
      class: String(error["class"]),
      description: String(error["desc"]),
    };
  }
  if ("return" in message && typeof id === "number") {
    return { kind: "return", id, value: message["return"] };
  }
  if ("QMP" in message) {
    return { kind: "greeting" };
  }
  throw new SandboxError("qmp", `QEMU's monitor said something unknown: ${line.slice(0, 200)}`);
}

function converse(
  socket: Socket,
  listeners: { readonly onEvent: (event: QmpEvent) => void; readonly onGreeting: () => void },
): Qmp {
  const waiting = new Map<number, Waiting>();
  let nextId = 1;
  const fail = (reason: string): void => {
    for (const { reject } of waiting.values()) {
      reject(new SandboxError("qmp", reason));
    }
    waiting.clear();
    socket.destroy();
  };
  const settle = (id: number, act: (entry: Waiting) => void): void => {
    const entry = waiting.get(id);
    waiting.delete(id);
    if (entry !== undefined) {
      act(entry);
    }
  };
  const receive = (message: QmpMessage): void => {
    switch (message.kind) {
      case "greeting":
        return listeners.onGreeting();
      case "event":
        return listeners.onEvent(message.event);
      case "return":
        return settle(message.id, ({ resolve }) => resolve(message.value));
      case "error": {
        const words = `${message.description} (${message.class})`;
        // QEMU answers what it could not even read without an id.
        return message.id === undefined
          ? fail(words)
          : settle(message.id, ({ reject }) => reject(new SandboxError("qmp", words)));
      }
    }
  };
  const splitter = createLineSplitter((line) => {
    try {
      receive(parseQmpMessage(line));
    } catch (error) {
      fail(error instanceof Error ? error.message : String(error));
    }
  });
  socket.setEncoding("utf8").on("data", (text: string) => splitter.push(text));
  socket.on("error", () => undefined);
  socket.once("close", () => fail("QEMU closed its monitor"));
  return {
    execute: async (command, { arguments: args, timeoutMs = 5000 } = {}) => {
      if (socket.destroyed) {
        throw new SandboxError("qmp", `${command}: QEMU is gone`);
      }
      const id = nextId++;
      const { promise, resolve, reject } = Promise.withResolvers<unknown>();
      waiting.set(id, { resolve, reject });
      socket.write(`${JSON.stringify({ execute: command, arguments: args, id })}\n`);
      try {
        const onTimeout = (): Error =>
          new SandboxError("timed-out", `QEMU did not answer ${command} within ${timeoutMs / 1000} s`);
        return await waitFor(promise, { timeoutMs, onTimeout });
      } finally {
        waiting.delete(id);
      }
    },
    close: () => socket.destroy(),
  };
}

async function openSocket(path: string, deadline: number, signal: AbortSignal | undefined): Promise<Socket> {
  for (;;) {
    const socket = connect({ path });
    try {
      await waitFor(once(socket, "connect"), { signal, timeoutMs: Math.max(1, deadline - performance.now()) });
      return socket;
    } catch (cause) {
      socket.destroy();
      if (signal?.aborted === true) {
        throw cause;
      }
      if (performance.now() >= deadline) {
        throw new SandboxError("qmp", `QEMU's monitor ${path} cannot be reached`, { cause });
      }
    }
    await sleep(20, signal);
  }
}
