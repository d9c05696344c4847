import type { FastifyInstance } from "fastify";
import type { AgentCatalog } from "../agent/agent-catalog.ts";
import type { FileSender } from "./send-file.ts";

/** The agent's executables. */
export function agentRoute(app: FastifyInstance, agents: AgentCatalog, sender: FileSender): void {
  app.get<{ Params: { version: string; architecture: string } }>("/agent/:version/:architecture", (request, reply) => {
    const file = agents.fileOf(request.params.version, request.params.architecture);
    if (file === undefined) return reply.callNotFound();
    return sender.send(request, reply, file.path, "application/octet-stream");
  });
}
