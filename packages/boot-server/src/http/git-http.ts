import { spawn } from "node:child_process";
import { once } from "node:events";
import { promisify } from "node:util";
import { gunzip } from "node:zlib";
import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import { Slots } from "./slots.ts";

const SERVICE = "git-upload-pack";
const MOUNT = "/git/config.git";
const REQUEST_TYPE = `application/x-${SERVICE}-request`;
/** What a client has and wants: a few lines, also for a large repository. */
const REQUEST_LIMIT_BYTES = 8 * 1024 * 1024;
/** Each is a process; whoever comes later waits for one to end. */
const MOST_AT_ONCE = 16;
const MOST_WAITING = 1000;
const DEADLINE_MILLISECONDS = 600_000;
const ERROR_TEXT_LENGTH = 1000;

/**
 * Serves one repository for reading over git's smart HTTP protocol (gitprotocol-http(5)): `git upload-pack` does
 * the work, as it does behind every git server. A dumb file server would not do: shallow clones need the smart one.
 *
 * A request is read whole before git is started, so that a slow client holds no process; what git says when it fails
 * before its first byte is the answer, a 500.
 */
export function gitHttp(app: FastifyInstance, repository: string): void {
  const slots = new Slots(MOST_AT_ONCE, MOST_WAITING);
  app.addContentTypeParser(
    REQUEST_TYPE,
    { parseAs: "buffer", bodyLimit: REQUEST_LIMIT_BYTES },
    (_request, body, done) => done(null, body),
  );
  const answer = async (request: FastifyRequest, reply: FastifyReply, call: UploadPackCall, type: string) => {
    const release = await slots.take();
    if (release === undefined) return reply.code(503).header("retry-after", "5").send("too many clones at once\n");
    try {
      const output = await uploadPack(repository, request, call);
      output.once("close", release);
      return reply.header("cache-control", "no-cache, max-age=0, must-revalidate").type(type).send(output);
    } catch (error) {
      release();
      throw error;
    }
  };

  app.get(`${MOUNT}/info/refs`, async (request, reply) => {
    if (readService(request) !== SERVICE)
      return reply.code(403).type("text/plain").send("only git-upload-pack is served\n");
    const head = `${packetLine(`# service=${SERVICE}\n`)}0000`;
    const call = { options: ["--advertise-refs"], input: new Uint8Array(0), head };
    return answer(request, reply, call, `application/x-${SERVICE}-advertisement`);
  });

  app.post(`${MOUNT}/${SERVICE}`, async (request, reply) => {
    if (!Buffer.isBuffer(request.body))
      return reply.code(415).type("text/plain").send(`the body must be ${REQUEST_TYPE}\n`);
    const input = await plainBody(request.body, request.headers["content-encoding"]);
    if (input === undefined) return reply.code(400).type("text/plain").send("the body is not what its encoding says\n");
    return answer(request, reply, { options: [], input, head: "" }, `application/x-${SERVICE}-result`);
  });
}

/** git ended without an answer. What it calls a protocol error is the client's doing, everything else ours. */
class GitError extends Error {
  override readonly name = "GitError";
  readonly code = "git-failed";
  readonly statusCode: number;

  constructor(complaint: string) {
    super(`git upload-pack: ${complaint}`);
    this.statusCode = /protocol error|bad line length/.test(complaint) ? 400 : 500;
  }
}

interface UploadPackCall {
  readonly options: readonly string[];
  readonly input: Uint8Array;
  /** What stands before git's own output. */
  readonly head: string;
}

/**
 * Starts git and waits for its first byte.
 *
 * @throws Error when it cannot be started, or ends without a word: with what it says on standard error
 */
async function uploadPack(repository: string, request: FastifyRequest, { options, input, head }: UploadPackCall) {
  const protocol = request.headers["git-protocol"];
  const child = spawn("git", ["upload-pack", "--stateless-rpc", ...options, "--", repository], {
    stdio: ["pipe", "pipe", "pipe"],
    timeout: DEADLINE_MILLISECONDS,
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
  let complaint = "";
  child.stderr.setEncoding("utf8").on("data", (text: string) => {
    complaint = (complaint + text).slice(0, ERROR_TEXT_LENGTH);
  });
  await once(child, "spawn");
  // git may end before it has read everything; its exit code says whether that matters.
  child.stdin.on("error", () => undefined);
  child.stdin.end(input);
  request.raw.socket.once("close", () => child.kill());
  const { stdout } = child;
  const ended = once(child, "close");
  const first = await Promise.race([once(stdout, "readable"), ended]);
  if (stdout.readableLength === 0) {
    const [code] = first.length === 0 ? await ended : first;
    if (code !== 0) throw new GitError(complaint.trim() || `exit code ${String(code)}`);
  }
  if (head !== "") stdout.unshift(Buffer.from(head, "latin1"));
  return stdout;
}

async function plainBody(body: Buffer, encoding: string | undefined): Promise<Uint8Array | undefined> {
  if (encoding !== "gzip" && encoding !== "x-gzip") return body;
  try {
    return await promisify(gunzip)(body, { maxOutputLength: REQUEST_LIMIT_BYTES });
  } catch {
    return undefined; // cut short, too large or no gzip at all: the client's mistake
  }
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
