import { once } from "node:events";
import { rm } from "node:fs/promises";
import { createServer, type Server, type Socket } from "node:net";
import { createLineSplitter } from "../process/lines.ts";
import { messageOf, SandboxError } from "../sandbox-error.ts";
import { type ControlRequest, encodeControl, parseControlRequest } from "./control-protocol.ts";

/**
 * Does what was asked, telling of it line by line, and answers with the exit code for the asking process.
 * A failure is told to the asking process and has no other effect. `signal` fires when nobody listens any more.
 */
export type ControlHandler = (
  request: ControlRequest,
  say: (line: string) => void,
  signal: AbortSignal,
) => Promise<number>;

export interface ControlServer {
  readonly close: () => Promise<void>;
}

/** Listens for second processes; the folder of the socket decides who may connect. */
export async function startControlServer(path: string, handle: ControlHandler): Promise<ControlServer> {
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.once("close", () => sockets.delete(socket));
    serve(socket, handle);
  });
  server.listen(path);
  await once(server, "listening");
  return { close: () => closeServer(server, sockets, path) };
}

function serve(socket: Socket, handle: ControlHandler): void {
  const gone = new AbortController();
  socket.once("close", () => gone.abort());
  socket.on("error", () => undefined);
  let asked = false;
  const splitter = createLineSplitter((line) => {
    if (!asked) {
      asked = true;
      void answer(socket, line, (request, say) => handle(request, say, gone.signal));
    }
  });
  socket.setEncoding("utf8").on("data", (text: string) => splitter.push(text));
}

async function answer(
  socket: Socket,
  line: string,
  handle: (request: ControlRequest, say: (line: string) => void) => Promise<number>,
): Promise<void> {
  const say = (text: string): void => {
    socket.write(encodeControl({ kind: "line", text }));
  };
  let exitCode = 1;
  try {
    exitCode = await handle(parseControlRequest(line), say);
  } catch (error) {
    say(messageOf(error));
    if (error instanceof SandboxError && error.hint !== undefined) {
      say(error.hint);
    }
  }
  socket.end(encodeControl({ kind: "end", exitCode }));
}

async function closeServer(server: Server, sockets: ReadonlySet<Socket>, path: string): Promise<void> {
  server.close();
  // Answers that are on their way get a moment; who reads none holds nothing up.
  const flushed = Promise.all([...sockets].map((socket) => once(socket, "close")));
  const { promise: late, resolve } = Promise.withResolvers<undefined>();
  const timer = setTimeout(() => resolve(undefined), 500);
  await Promise.race([flushed, late]);
  clearTimeout(timer);
  for (const socket of sockets) {
    socket.destroy();
  }
  await rm(path, { force: true });
}
