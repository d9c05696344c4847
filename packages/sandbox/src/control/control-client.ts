import { once } from "node:events";
import { connect, type Socket } from "node:net";
import type { TextOutput } from "../nodes/progress-display.ts";
import { createLineSplitter } from "../process/lines.ts";
import { waitFor } from "../process/wait.ts";
import { messageOf, SandboxError } from "../sandbox-error.ts";
import { type ControlRequest, encodeControl, parseControlMessage } from "./control-protocol.ts";
import { liveSandboxes, type RegistryEntry, registryDirectory } from "./registry.ts";

export interface ControlIo {
  readonly stdout: TextOutput;
  /** Ends the waiting; what was asked for goes on in the sandbox. */
  readonly signal?: AbortSignal | undefined;
  /** Where running sandboxes are entered. Default: `registryDirectory()`. */
  readonly registry?: string;
  /** The sandbox to ask, by its process id, when several run. */
  readonly pid?: number | undefined;
}

/**
 * Asks the running sandbox to do something, shows what it says, and returns the exit code: 0 when it is done; for
 * `reboot` when the node is running again. Throws `no-sandbox` when there is none or more than one to choose from,
 * and `control` when it ends before it has answered.
 */
export async function controlSandbox(request: ControlRequest, io: ControlIo): Promise<number> {
  const { controlSocket } = choose(await liveSandboxes(io.registry ?? registryDirectory()), io.pid);
  const socket = connect({ path: controlSocket });
  try {
    await waitFor(once(socket, "connect"), { signal: io.signal, timeoutMs: 5000 });
    return await converse(socket, request, io);
  } catch (cause) {
    if (cause instanceof SandboxError) {
      throw cause;
    }
    throw new SandboxError("control", `the sandbox does not answer: ${messageOf(cause)}`, { cause });
  } finally {
    socket.destroy();
  }
}

async function converse(socket: Socket, request: ControlRequest, io: ControlIo): Promise<number> {
  const { promise: ended, resolve, reject } = Promise.withResolvers<number>();
  const splitter = createLineSplitter((line) => {
    try {
      const message = parseControlMessage(line);
      if (message.kind === "line") {
        io.stdout.write(`${message.text}\n`);
      } else {
        resolve(message.exitCode);
      }
    } catch (error) {
      reject(error instanceof Error ? error : new Error(String(error)));
    }
  });
  socket.setEncoding("utf8").on("data", (text: string) => splitter.push(text));
  socket.once("error", reject);
  socket.once("close", () => reject(new SandboxError("control", "the sandbox ended before it had answered")));
  socket.write(encodeControl(request));
  return waitFor(ended, { signal: io.signal });
}

function choose(sandboxes: readonly RegistryEntry[], pid: number | undefined): RegistryEntry {
  const candidates = pid === undefined ? sandboxes : sandboxes.filter((sandbox) => sandbox.pid === pid);
  const [only, ...others] = candidates;
  if (only === undefined) {
    throw new SandboxError(
      "no-sandbox",
      pid === undefined ? "no sandbox is running" : `no sandbox runs as process ${pid}`,
      {
        hint: "Start one in another shell: ./scripts/sandbox",
      },
    );
  }
  if (others.length > 0) {
    const pids = candidates.map((sandbox) => sandbox.pid).join(", ");
    throw new SandboxError("no-sandbox", `several sandboxes are running, as processes ${pids}`, {
      hint: "Say which one by its process id.",
    });
  }
  return only;
}
