import { type Argv, runCommand } from "./subprocess.ts";

/** What an HTTP server answered. */
export interface LabResponse {
  readonly status: number;
  /** By name in lower case. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Buffer;
  readonly text: string;
}

export interface LabRequest {
  readonly method?: "GET" | "HEAD" | "POST" | "PUT" | "DELETE";
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string | Uint8Array;
}

/**
 * Makes one HTTP request by curl, which unlike `fetch` sends paths as they are, `..` and all.
 *
 * @param enter makes a command run inside the namespace
 * @throws Error when there was no answer
 */
export async function curl(enter: (argv: Argv) => Argv, url: string, request: LabRequest = {}): Promise<LabResponse> {
  const { method = "GET", headers = {}, body } = request;
  const argv: Argv = [
    "curl",
    "--silent",
    "--show-error",
    "--include",
    "--path-as-is",
    "--globoff",
    "--max-time",
    "30",
    ...(method === "HEAD" ? ["--head"] : ["--request", method]),
    // Without an Expect curl does not wait for 100 Continue, which would be an answer before the answer.
    ...Object.entries({ expect: "", ...headers }).flatMap(([name, value]) => ["--header", `${name}: ${value}`]),
    ...(body === undefined ? [] : ["--data-binary", "@-"]),
    "--",
    url,
  ];
  const { code, stdout, stderr } = await runCommand(enter(argv), body === undefined ? {} : { input: body });
  if (code !== 0) throw new Error(`${method} ${url}: no answer: ${stderr}`);
  return parseResponse(stdout);
}

function parseResponse(output: Buffer): LabResponse {
  const end = output.indexOf("\r\n\r\n");
  const [statusLine = "", ...lines] = output.subarray(0, end).toString("latin1").split("\r\n");
  const body = output.subarray(end + 4);
  return {
    status: Number(statusLine.split(" ")[1]),
    headers: Object.fromEntries(
      lines.map((line) => {
        const colon = line.indexOf(":");
        return [line.slice(0, colon).toLowerCase(), line.slice(colon + 1).trim()];
      }),
    ),
    body,
    text: body.toString("utf8"),
  };
}
