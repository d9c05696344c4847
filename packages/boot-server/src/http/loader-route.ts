import type { FastifyInstance } from "fastify";
import type { EventLog } from "../log/events.ts";
import type { FileLibrary } from "../tftp/file-library.ts";
import { contentTypeOf } from "./content-type.ts";
import { type FileSender, sendBytes } from "./send-file.ts";

export interface LoaderRouteParts {
  readonly library: FileLibrary;
  readonly sender: FileSender;
  readonly log: EventLog;
}

/**
 * What TFTP serves, over HTTP, for firmware that boots from URLs. It asks for the size first (HEAD), and takes what the
 * file is from its type: without `application/efi` the name would have to end in `.efi`.
 */
export function loaderRoute(app: FastifyInstance, { library, sender, log }: LoaderRouteParts): void {
  app.get<{ Params: { "*": string } }>("/boot/*", async (request, reply) => {
    const requested = request.params["*"];
    const found = await library.find(requested, {
      address: request.ip,
      serverAddress: request.socket.localAddress ?? "",
    });
    if ("reason" in found) {
      if (found.reason !== "not-made") return reply.callNotFound();
      const { reason, message } = found;
      log({ event: "http.refused", path: `/boot/${requested}`, status: 500, from: request.ip, reason, message });
      return reply.code(500).type("text/plain; charset=utf-8").send(`${reason}: ${message}\n`);
    }
    if (found.kind === "virtual") return sendBytes(request, reply, found.content, "text/plain; charset=utf-8");
    return sender.send(request, reply, found.file.path, contentTypeOf(found.name, "application/efi"));
  });
}
