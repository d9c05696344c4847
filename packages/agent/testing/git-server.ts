import { execFileSync, spawn } from "node:child_process";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";

/** Runs git in a test's repo, without the settings of whoever runs the test. */
export function git(directory: string, ...args: readonly string[]): string {
  const env = {
    PATH: process.env.PATH ?? "",
    GIT_CONFIG_GLOBAL: "/dev/null",
    GIT_AUTHOR_NAME: "test",
    GIT_AUTHOR_EMAIL: "test@example.org",
    GIT_COMMITTER_NAME: "test",
    GIT_COMMITTER_EMAIL: "test@example.org",
  };
  return execFileSync("git", args, { cwd: directory, env, encoding: "utf8", stdio: "pipe" }).trim();
}

export interface GitServer {
  readonly url: string;
  readonly close: () => Promise<void>;
}

export interface GitServerOptions {
  /** Answer this many requests with 503 first, as a server that is still starting does. */
  readonly unavailable?: number;
  /** Ask for this user and password, `user:password`. */
  readonly login?: string;
  /** Take requests and never answer. */
  readonly silent?: boolean;
}

/** Serves the repos under `root` over git's smart HTTP protocol by git's own CGI program, on loopback. */
export async function serveGit(root: string, options: GitServerOptions = {}): Promise<GitServer> {
  let unavailable = options.unavailable ?? 0;
  const server = createServer((request, response) => {
    const expected = options.login === undefined ? undefined : `Basic ${Buffer.from(options.login).toString("base64")}`;
    if (options.silent === true) return;
    if (unavailable-- > 0) response.writeHead(503).end();
    else if (expected !== undefined && request.headers.authorization !== expected) {
      response.writeHead(401, { "www-authenticate": 'Basic realm="git"' }).end();
    } else runBackend(root, request, response);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}`,
    close: () => close(server),
  };
}

async function close(server: Server): Promise<void> {
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
}

function runBackend(root: string, request: IncomingMessage, response: ServerResponse): void {
  const { pathname, search } = new URL(request.url ?? "/", "http://localhost");
  const env = {
    PATH: process.env.PATH,
    GIT_PROJECT_ROOT: root,
    GIT_HTTP_EXPORT_ALL: "1",
    PATH_INFO: pathname,
    QUERY_STRING: search.slice(1),
    REQUEST_METHOD: request.method,
    CONTENT_TYPE: request.headers["content-type"],
    HTTP_CONTENT_ENCODING: request.headers["content-encoding"],
    GIT_PROTOCOL: request.headers["git-protocol"]?.toString(),
  };
  const exec = execFileSync("git", ["--exec-path"], { encoding: "utf8" }).trim();
  const backend = spawn(join(exec, "git-http-backend"), { env, stdio: ["pipe", "pipe", "ignore"] });
  request.pipe(backend.stdin);
  const chunks: Buffer[] = [];
  backend.stdout.on("data", (chunk: Buffer) => chunks.push(chunk));
  backend.on("close", () => {
    const output = Buffer.concat(chunks);
    const end = output.indexOf("\r\n\r\n");
    const headers = output
      .subarray(0, end)
      .toString()
      .split("\r\n")
      .map((line) => line.split(/:\s*/, 2));
    const status = Number(headers.find(([name]) => name === "Status")?.[1]?.slice(0, 3) ?? 200);
    response.writeHead(status, Object.fromEntries(headers.filter(([name]) => name !== "Status")));
    response.end(output.subarray(end + 4));
  });
}
