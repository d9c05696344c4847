import { chmod, rm } from "node:fs/promises";
import { join } from "node:path";
import type { Binding } from "@railhead/provisioning";
import { AddressError, parseIpv4 } from "@railhead/wire";
import fastify, { type FastifyInstance } from "fastify";
import type { ForeignServer } from "../dhcp/foreign-servers.ts";
import { BindError } from "../net/bind-error.ts";

/** The socket that the `railhead` command speaks to a running server by, in its state directory. */
export const CONTROL_SOCKET = "control.sock";

/** A lease as the operator sees it. Times in ISO 8601. */
export interface LeaseView {
  readonly address: string;
  readonly mac: string;
  readonly state: Binding["state"];
  readonly expiresAt: string;
  readonly hostName?: string;
  /** The name of the declared machine that has it. */
  readonly machine?: string;
}

/** What a reload of the configuration came to. */
export type ReloadResult =
  | { readonly reloaded: true; readonly restartNeededFor: readonly string[]; readonly problems: readonly string[] }
  | { readonly reloaded: false; readonly problems: readonly string[] };

export interface ControlParts {
  readonly leases: () => readonly LeaseView[];
  /** False when nobody has the address. */
  readonly release: (address: ReturnType<typeof parseIpv4>) => Promise<boolean>;
  readonly reload: () => Promise<ReloadResult>;
  readonly lookForForeignServers: () => Promise<readonly ForeignServer[]>;
}

/**
 * The control interface: HTTP over a Unix socket that only the server's own user can open. It is no part of what
 * machines reach.
 *
 * @throws BindError
 */
export async function startControlServer(stateDirectory: string, parts: ControlParts): Promise<FastifyInstance> {
  const path = join(stateDirectory, CONTROL_SOCKET);
  const app = fastify({ logger: false, forceCloseConnections: true });
  app.get("/v1/leases", async () => parts.leases());
  app.delete<{ Params: { address: string } }>("/v1/leases/:address", async (request, reply) => {
    const address = readAddress(request.params.address);
    if (address === undefined) return reply.code(400).send({ error: "not an IPv4 address" });
    if (!(await parts.release(address))) return reply.code(404).send({ error: `nobody has ${address}` });
    return reply.code(204).send();
  });
  app.post("/v1/reload", async () => parts.reload());
  app.post("/v1/foreign-servers", async () => parts.lookForForeignServers());
  try {
    // The store is locked by us, so a socket that is there was left by a server that is gone.
    await rm(path, { force: true });
    await app.listen({ path });
    await chmod(path, 0o600);
  } catch (cause) {
    await app.close();
    throw new BindError("the control interface", path, cause);
  }
  return app;
}

function readAddress(text: string): ReturnType<typeof parseIpv4> | undefined {
  try {
    return parseIpv4(text);
  } catch (error) {
    if (error instanceof AddressError) return undefined;
    throw error;
  }
}
