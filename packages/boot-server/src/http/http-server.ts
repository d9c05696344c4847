import type { Contact } from "@railhead/provisioning";
import type { Ipv4Address, MacAddress } from "@railhead/wire";
import fastify, { type FastifyError, type FastifyInstance, type FastifyReply, type FastifyRequest } from "fastify";
import type { AgentCatalog } from "../agent/agent-catalog.ts";
import type { DataDirectory } from "../inventory/data-directory.ts";
import type { EventLog } from "../log/events.ts";
import { BindError } from "../net/bind-error.ts";
import type { Settings } from "../settings/schema.ts";
import type { FileLibrary } from "../tftp/file-library.ts";
import { agentRoute } from "./agent-route.ts";
import type { Answer } from "./answer.ts";
import { assetRoutes } from "./asset-routes.ts";
import { gitHttp } from "./git-http.ts";
import { loaderRoute } from "./loader-route.ts";
import { machineAnswers } from "./machine-answers.ts";
import { type MachineQuery, readMachineQuery, resolveRequest } from "./machine-request.ts";
import { takeReport } from "./reports.ts";
import { FileSender } from "./send-file.ts";

export interface HttpServerParts {
  readonly settings: () => Settings;
  readonly data: DataDirectory;
  readonly agents: AgentCatalog | undefined;
  /** What TFTP serves. */
  readonly library: FileLibrary | undefined;
  readonly log: EventLog;
  /** What `/healthz` says beside the inventory's state. */
  readonly problems: () => Readonly<Record<string, readonly string[]>>;
  readonly addressOf: (mac: MacAddress) => Ipv4Address | undefined;
  readonly holderOf: (address: Ipv4Address) => MacAddress | undefined;
  readonly onContact: (mac: MacAddress, contact: Contact) => Promise<void>;
}

const REPORT_LIMIT_BYTES = 256 * 1024;

/** The HTTP server, bound to no port yet. */
export async function httpServer(parts: HttpServerParts): Promise<FastifyInstance> {
  const { log } = parts;
  const settings = parts.settings();
  const app = fastify({ logger: false, exposeHeadRoutes: true, forceCloseConnections: true });
  app.addHook("onResponse", async (request, reply) => {
    log({
      event: "http.request",
      method: request.method,
      path: pathOf(request),
      status: reply.statusCode,
      from: request.ip,
      milliseconds: Math.round(reply.elapsedTime),
    });
  });
  app.setErrorHandler((error, request, reply) => {
    const { statusCode = 500, message } = error instanceof Error ? (error as FastifyError) : { message: String(error) };
    if (statusCode >= 500) log({ event: "http.failed", path: pathOf(request), from: request.ip, error: message });
    return reply.send(error);
  });
  machineRoutes(app, parts);
  healthRoute(app, parts);
  reportRoute(app, parts);
  const sender = new FileSender();
  const { library } = parts;
  if (library !== undefined) loaderRoute(app, { library, sender, log });
  if (parts.agents !== undefined) agentRoute(app, parts.agents, sender);
  if (settings.configRepo?.path !== undefined) gitHttp(app, settings.configRepo.path);
  if (settings.assetsPath !== undefined) assetRoutes(app, { ...parts, root: settings.assetsPath, sender });
  return app;
}

/** @throws BindError when the port cannot be had */
export async function listen(app: FastifyInstance, { http }: Settings): Promise<void> {
  try {
    await app.listen({ host: http.address, port: http.port });
  } catch (cause) {
    throw new BindError("HTTP", `${http.address}:${http.port}/tcp`, cause);
  }
}

function machineRoutes(app: FastifyInstance, parts: HttpServerParts): void {
  const answers = machineAnswers(parts);
  const route = (path: string, contact: Contact, answer: (query: MachineQuery) => Answer) => {
    app.get(path, async (request, reply) => {
      const query = queryOf(request);
      const result = answer(query);
      if (result.refusal === undefined && request.method === "GET") await noteContact(parts, query, contact);
      return write(parts, request, reply, result);
    });
  };
  app.get("/boot.ipxe", async (request, reply) => write(parts, request, reply, answers.bootScript()));
  app.get("/boot.ipxe.0", async (request, reply) => write(parts, request, reply, answers.bootScript()));
  route("/ipxe", { kind: "ipxe" }, (query) => answers.ipxe(query, parts.data.current));
  route("/ignition", { kind: "ignition" }, (query) => answers.ignition(query, parts.data.current));
  app.get("/metadata", async (request, reply) =>
    write(parts, request, reply, answers.metadata(queryOf(request), parts.data.current)),
  );
}

async function noteContact(parts: HttpServerParts, query: MachineQuery, contact: Contact): Promise<void> {
  const request = resolveRequest(query, parts.data.current);
  if ("requester" in request && request.requester.mac !== undefined) {
    await parts.onContact(request.requester.mac, contact);
  }
}

/** Says whether what is on disk is what is served. A degraded server still serves its last good state: 200. */
function healthRoute(app: FastifyInstance, { data, problems: others }: HttpServerParts): void {
  app.get("/healthz", async () => {
    const problems = { ...data.problems, ...others() };
    const healthy = Object.values(problems).every((list) => list.length === 0);
    return { status: healthy ? "ok" : "degraded", problems };
  });
}

function reportRoute(app: FastifyInstance, parts: HttpServerParts): void {
  app.post("/reports", { bodyLimit: REPORT_LIMIT_BYTES }, async (request, reply) => {
    const taken = takeReport(request.body, parts.data.current.inventory);
    if ("status" in taken) return write(parts, request, reply, taken);
    await parts.onContact(taken.mac, { kind: "report", report: taken.report });
    return reply.code(204).send();
  });
}

function write(parts: HttpServerParts, request: FastifyRequest, reply: FastifyReply, answer: Answer): FastifyReply {
  const { status, contentType, body, refusal } = answer;
  if (refusal !== undefined) {
    parts.log({ event: "http.refused", path: pathOf(request), status, from: request.ip, ...refusal });
  }
  return reply.code(status).type(contentType).send(body);
}

function queryOf(request: FastifyRequest): MachineQuery {
  return readMachineQuery(request.url, request.socket.localAddress ?? "");
}

/** Without the query, which may hold what a machine says of itself. */
function pathOf(request: FastifyRequest): string {
  const mark = request.url.indexOf("?");
  return mark === -1 ? request.url : request.url.slice(0, mark);
}
