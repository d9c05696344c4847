import { request } from "node:http";
import { join } from "node:path";
import { CONTROL_SOCKET, type Settings } from "@railhead/boot-server";

/** The running server did not do what it was asked to. */
export class ControlError extends Error {
  override readonly name = "ControlError";
  readonly code: "no-server" | "refused";
  readonly hint: string;

  constructor(code: ControlError["code"], message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
    this.hint =
      code === "no-server"
        ? "is `railhead serve` running with this configuration, and are you its user?"
        : "see its log";
  }
}

/**
 * Asks the server that runs with these settings, over the socket in its state directory.
 *
 * @returns the answer's JSON; `undefined` where it has none
 * @throws ControlError when no server answers, or it says no
 */
export function askServer(settings: Settings, method: "GET" | "POST" | "DELETE", path: string): Promise<unknown> {
  const socketPath = join(settings.stateDir, CONTROL_SOCKET);
  return new Promise((resolve, reject) => {
    const call = request({ socketPath, method, path }, (response) => {
      let body = "";
      response.setEncoding("utf8").on("data", (text: string) => {
        body += text;
      });
      response.once("error", reject);
      response.once("end", () => {
        const { statusCode = 500 } = response;
        if (statusCode >= 400) reject(new ControlError("refused", errorText(body, statusCode)));
        else resolve(body === "" ? undefined : JSON.parse(body));
      });
    });
    call.once("error", (cause) =>
      reject(new ControlError("no-server", `no server answers at ${socketPath}`, { cause })),
    );
    call.end();
  });
}

function errorText(body: string, statusCode: number): string {
  const value: unknown = body === "" ? undefined : JSON.parse(body);
  return typeof value === "object" && value !== null && "error" in value ? String(value.error) : `status ${statusCode}`;
}
