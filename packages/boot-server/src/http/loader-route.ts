import type { FastifyInstance } from "fastify";
import type { BootFiles } from "../tftp/boot-files.ts";

/**
 * The files of the TFTP root over HTTP, for firmware that boots from URLs. It asks for the size first (HEAD), and takes
 * what the file is from its type: without `application/efi` the name would have to end in `.efi`.
 */
export function loaderRoute(app: FastifyInstance, files: BootFiles): void {
  app.get<{ Params: { "*": string } }>("/boot/*", async (request, reply) => {
    const file = await files.find(request.params["*"]);
    if ("reason" in file) return reply.callNotFound();
    return reply
      .type("application/efi")
      .send(Buffer.from(file.content.buffer, file.content.byteOffset, file.content.length));
  });
}
