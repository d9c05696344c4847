import { spawn } from "node:child_process";
import { once } from "node:events";
import { createGunzip } from "node:zlib";
import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";

const SERVICE = "git-upload-pack";
const MOUNT = "/git/config.git";

/**
 * Serves one repository for reading over git's smart HTTP protocol (gitprotocol-http(5)): `git upload-pack` does
 * the work, as it does behind every git server. A dumb file server would not do: shallow clones need the smart one.
 */
export function gitHttp(app: FastifyInstance, repository: string): void {
  app.addContentTypeParser(`application/x-${SERVICE}-request`, (_request, payload, done) => done(null, payload));

  app.get(`${MOUNT}/info/refs`, async (request, reply) => {
    if (readService(request) !== SERVICE)
      return reply.code(403).type("text/plain").send("only git-upload-pack is served\n");
    const head = packetLine(`# service=${SERVICE}\n`) + "0000";
    const refs = await uploadPack(request, repository, ["--advertise-refs"], head);
    return noCache(reply).type(`application/x-${SERVICE}-advertisement`).send(refs);
  });

  app.post(`${MOUNT}/${SERVICE}`, { bodyLimit: 8 * 1024 * 1024 }, async (request, reply) => {
    const pack = await uploadPack(request, repository, [], "");
    return noCache(reply).type(`application/x-${SERVICE}-result`).send(pack);
  });
}

/** @throws Error when git cannot be started */
async function uploadPack(request: FastifyRequest, repository: string, options: readonly string[], prefix: string) {
  const protocol = request.headers["git-protocol"];
  const child = spawn("git", ["upload-pack", "--stateless-rpc", ...options, "--", repository], {
    stdio: ["pipe", "pipe", "ignore"],
    env: {
      PATH: process.env["PATH"],
      // The repository belongs to whoever edits it, which need not be the user that serves it.
      GIT_CONFIG_COUNT: "1",
      GIT_CONFIG_KEY_0: "safe.directory",
      GIT_CONFIG_VALUE_0: "*",
      // Version 2 of the protocol, where the client asks for it; passed on unread, so only in its known form.
      ...(typeof protocol === "string" && /^version=[0-2]$/.test(protocol) ? { GIT_PROTOCOL: protocol } : {}),
    },
  });
  await once(child, "spawn");
  request.raw.once("close", () => {
    if (request.raw.destroyed && !request.raw.complete) child.kill();
  });
  child.stdin.on("error", () => child.kill());
  const body = request.body;
  if (isReadable(body)) {
    const zipped = request.headers["content-encoding"] === "gzip";
    const plain = zipped ? body.pipe(createGunzip().on("error", () => child.kill())) : body;
    plain.pipe(child.stdin);
  } else {
    child.stdin.end();
  }
  if (prefix === "") return child.stdout;
  child.stdout.unshift(Buffer.from(prefix, "latin1"));
  return child.stdout;
}

function readService(request: FastifyRequest): unknown {
  return typeof request.query === "object" && request.query !== null && "service" in request.query
    ? request.query.service
    : undefined;
}

/** gitprotocol-common(5): four hexadecimal digits of length, themselves counted. */
function packetLine(text: string): string {
  return (text.length + 4).toString(16).padStart(4, "0") + text;
}

function noCache(reply: FastifyReply): FastifyReply {
  return reply.header("cache-control", "no-cache, max-age=0, must-revalidate");
}

function isReadable(body: unknown): body is NodeJS.ReadableStream {
  return typeof body === "object" && body !== null && "pipe" in body;
}
