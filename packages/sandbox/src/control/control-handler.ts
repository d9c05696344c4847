import type { Fleet } from "../fleet.ts";
import type { NodeBoard } from "../nodes/node-board.ts";
import { isSettled } from "../nodes/node-state.ts";
import { diagnosisLines, nodeTable } from "../nodes/node-table.ts";
import { createPlainDisplay } from "../nodes/progress-display.ts";
import { SandboxError } from "../sandbox-error.ts";
import type { ControlHandler } from "./control-server.ts";

export interface ControlContext {
  readonly board: NodeBoard;
  /** Absent until the machines are ready. */
  readonly fleet: () => Fleet | undefined;
  readonly stop: AbortController;
  /** Settles when the sandbox has removed its machines, server and network. */
  readonly removed: Promise<void>;
  /** Fires when the sandbox ends. */
  readonly signal: AbortSignal;
  readonly timeoutSeconds: number;
  readonly shutdownSeconds?: number;
}

const DEFAULT_SHUTDOWN_SECONDS = 60;
const CONSOLE_LINES = 15;

/** What the running sandbox does for second processes. */
export function createControlHandler(context: ControlContext): ControlHandler {
  return async (request, say, signal) => {
    switch (request.verb) {
      case "status":
        nodeTable(context.board.all()).forEach(say);
        return context.board.all().every((node) => node.stage === "running") ? 0 : 1;
      case "stop":
        context.stop.abort();
        await context.removed;
        say("The sandbox is removed.");
        return 0;
      case "reboot":
        return reboot(context, request.node, say, signal);
    }
  };
}

async function reboot(
  context: ControlContext,
  name: string,
  say: (line: string) => void,
  clientGone: AbortSignal,
): Promise<number> {
  const { board, timeoutSeconds } = context;
  const fleet = context.fleet();
  // A name that no node has is said before anything else.
  board.get(name);
  if (fleet === undefined) {
    throw new SandboxError("control", "the sandbox is still starting");
  }
  const display = createPlainDisplay(say);
  const unlisten = board.listen((node) => (node.name === name ? display.update(node) : undefined));
  try {
    const limitSeconds = context.shutdownSeconds ?? DEFAULT_SHUTDOWN_SECONDS;
    await fleet.reboot(name, limitSeconds, (reason) => say(`${name}  its power was cut: ${reason}`));
    const settled = await board.until(() => isSettled(board.get(name)), {
      signal: AbortSignal.any([context.signal, clientGone]),
      timeoutMs: timeoutSeconds * 1000,
    });
    nodeTable(board.all()).forEach(say);
    const node = board.get(name);
    if (node.stage === "running") {
      return 0;
    }
    diagnosisLines(node, await fleet.consoleTail(name, CONSOLE_LINES)).forEach(say);
    if (!settled) {
      say(`${name} was not running within ${timeoutSeconds} s.`);
    }
    return 1;
  } finally {
    unlisten();
  }
}
