import { trustRepo } from "./files/config-repo.ts";
import { parseServerEvent, type ServerEvent } from "./nodes/server-event.ts";
import { type Child, type ChildExit, describeExit, startChild } from "./process/child.ts";
import type { Argv } from "./process/command.ts";
import { waitFor } from "./process/wait.ts";
import { SandboxError } from "./sandbox-error.ts";

export interface ServerSpec {
  /** `railhead`, with its interpreter when it needs one; "serve --config FILE" is added. */
  readonly command: Argv;
  readonly settingsFile: string;
  /** The repo that the server may read although it belongs to somebody else. */
  readonly configRepo: string;
  readonly logFile: string;
  readonly enter: (argv: Argv) => Argv;
  readonly onEvent: (event: ServerEvent) => void;
  readonly signal?: AbortSignal | undefined;
  /** For the server to be ready. Default 30. */
  readonly timeoutSeconds?: number;
}

export interface ServerProcess {
  /** Settles when the server has ended. */
  readonly exited: Promise<ChildExit>;
  readonly failure: (exit: ChildExit) => SandboxError;
  readonly stop: () => Promise<void>;
}

/** Starts the boot server in the network and waits until it is ready. Throws `server-failed` with its last words. */
export async function startServer(spec: ServerSpec): Promise<ServerProcess> {
  const { promise: ready, resolve } = Promise.withResolvers<undefined>();
  const child = await startChild({
    argv: spec.enter([...spec.command, "serve", "--config", spec.settingsFile]),
    logFile: spec.logFile,
    environment: trustRepo(spec.configRepo, process.env),
    onLine: (line, stream) => {
      const event = stream === "stdout" ? parseServerEvent(line) : undefined;
      if (event?.kind === "ready") {
        resolve(undefined);
      }
      if (event !== undefined) {
        spec.onEvent(event);
      }
    },
  });
  const failure = (exit: ChildExit): SandboxError => serverFailure(exit, child, spec.logFile);
  const ended = child.exited.then((exit): never => {
    throw failure(exit);
  });
  ended.catch(() => undefined);
  const seconds = spec.timeoutSeconds ?? 30;
  const onTimeout = (): Error => new SandboxError("server-failed", `the boot server was not ready within ${seconds} s`);
  try {
    await waitFor(Promise.race([ready, ended]), { signal: spec.signal, timeoutMs: seconds * 1000, onTimeout });
  } catch (error) {
    await child.stop();
    throw error;
  }
  return { exited: child.exited, failure, stop: () => child.stop(5000) };
}

function serverFailure(exit: ChildExit, child: Child, logFile: string): SandboxError {
  const words = child.tail().slice(-10);
  return new SandboxError("server-failed", [`the boot server ended with ${describeExit(exit)}`, ...words].join("\n"), {
    hint: `Its whole log is ${logFile} (kept with --keep).`,
  });
}
