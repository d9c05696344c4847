import type { Contact } from "@railhead/provisioning";
import type { Ipv4Address, MacAddress } from "@railhead/wire";
import { parseIpv4 } from "@railhead/wire";
import type { FastifyInstance, FastifyRequest } from "fastify";
import type { DataDirectory } from "../inventory/data-directory.ts";
import { BootFiles } from "../tftp/boot-files.ts";
import { assetName } from "./asset-name.ts";
import { contentTypeOf } from "./content-type.ts";
import { kernelPathOf } from "./kernel-path.ts";
import { resolveRequest } from "./machine-request.ts";
import { FileSender } from "./send-file.ts";

export interface AssetRoutesParts {
  readonly root: string;
  readonly sender: FileSender;
  readonly data: DataDirectory;
  readonly holderOf: (address: Ipv4Address) => MacAddress | undefined;
  readonly onContact: (mac: MacAddress, contact: Contact) => Promise<void>;
}

/** Kernels, initrds and images. A machine that has loaded its kernel is noted as that far. */
export function assetRoutes(app: FastifyInstance, parts: AssetRoutesParts): void {
  const files = new BootFiles(parts.root);
  app.get<{ Params: { "*": string } }>("/assets/*", {
    onResponse: async (request, reply) => {
      if (request.method === "GET" && reply.statusCode === 200) await noteKernel(request, parts);
    },
    handler: (request, reply) => {
      const name = assetName(request.params["*"]);
      const file = name === undefined ? undefined : files.locate(name);
      if (name === undefined || file === undefined || "reason" in file) return reply.callNotFound();
      return parts.sender.send(request, reply, file.path, contentTypeOf(name));
    },
  });
}

async function noteKernel(request: FastifyRequest, { data, holderOf, onContact }: AssetRoutesParts): Promise<void> {
  const mac = request.ip.includes(":") ? undefined : holderOf(parseIpv4(request.ip));
  if (mac === undefined) return;
  const selected = resolveRequest({ query: { mac }, rawQuery: "", serverAddress: "" }, data.current);
  const [path] = request.url.split("?");
  if ("profile" in selected && kernelPathOf(selected.profile) === path) await onContact(mac, { kind: "kernel" });
}
