import { findMachine, type Machine, type NetBoot } from "@railhead/provisioning";
import {
  autoexecScript,
  grubConfig,
  grubLocalBootConfig,
  grubWaitConfig,
  LoaderConfigError,
  type LoaderFacts,
  syslinuxConfig,
  syslinuxLocalBootConfig,
  syslinuxWaitConfig,
  TemplateError,
} from "@railhead/render";
import { type Ipv4Address, type MacAddress, parseIpv4, parseMac } from "@railhead/wire";
import { resolveRequest } from "../http/machine-request.ts";
import { type ContextParts, serverUrl, templateContext } from "../http/template-context.ts";
import type { Snapshot } from "../inventory/snapshot.ts";
import type { FileClient, UnmadeFile, VirtualFile, VirtualFiles } from "./virtual-files.ts";

export interface MachineFilesParts extends ContextParts {
  readonly snapshot: () => Snapshot;
  readonly holderOf: (address: Ipv4Address) => MacAddress | undefined;
}

/** How one kind of boot loader is told what to boot. */
interface Dialect {
  readonly boot: (boot: NetBoot, facts: LoaderFacts) => string;
  readonly local: () => string;
  readonly wait: () => string;
}

const GRUB: Dialect = { boot: grubConfig, local: grubLocalBootConfig, wait: grubWaitConfig };
const SYSLINUX: Dialect = { boot: syslinuxConfig, local: syslinuxLocalBootConfig, wait: syslinuxWaitConfig };

const MAC_NAME = "01-((?:[0-9a-f]{2}-){5}[0-9a-f]{2})";
const AUTOEXEC = /(?:^|\/)autoexec\.ipxe$/;
/** In any directory, because that is where the loader came from. GRUB asks by the MAC address first, if at all. */
const GRUB_CONFIG = new RegExp(`(?:^|/)grub\\.cfg(?:-${MAC_NAME})?$`, "i");
const SYSLINUX_CONFIG = new RegExp(`(?:^|/)pxelinux\\.cfg/${MAC_NAME}$`, "i");

/** The configurations of boot loaders, made of the profile of the machine that asks. */
export class MachineFiles implements VirtualFiles {
  readonly #parts: MachineFilesParts;

  constructor(parts: MachineFilesParts) {
    this.#parts = parts;
  }

  async find(name: string, client: FileClient): Promise<VirtualFile | UnmadeFile | undefined> {
    if (AUTOEXEC.test(name)) {
      return textFile(name, autoexecScript(serverUrl(this.#parts.settings(), client.serverAddress)));
    }
    const grub = GRUB_CONFIG.exec(name);
    const [match, dialect] = grub === null ? [SYSLINUX_CONFIG.exec(name), SYSLINUX] : [grub, GRUB];
    if (match === null) return undefined;
    const mac = match[1] === undefined ? this.#parts.holderOf(parseIpv4(client.address)) : parseMac(match[1]);
    return mac === undefined ? undefined : this.#configFor(mac, dialect, name, client);
  }

  #configFor(
    mac: MacAddress,
    dialect: Dialect,
    name: string,
    client: FileClient,
  ): VirtualFile | UnmadeFile | undefined {
    const snapshot = this.#parts.snapshot();
    const machine = findMachine(snapshot.inventory, { mac });
    // What the operator has said of the machine itself stands over every group.
    if (machine?.boot === "local") return textFile(name, dialect.local());
    if (machine?.boot === "wait") return textFile(name, dialect.wait());
    const request = resolveRequest({ query: { mac }, rawQuery: "", serverAddress: client.serverAddress }, snapshot);
    if ("status" in request) {
      // A machine that nothing is meant for finds no file, and goes on looking for others.
      return request.refusal?.reason === "no-group" ? undefined : unmade(request.body.trim());
    }
    const { boot, id } = request.profile;
    if (boot === undefined) return unmade(`no-boot: the profile ${id} has no boot section`);
    try {
      const template = snapshot.boots.get(id);
      const rendered = template === undefined ? boot : template(templateContext(request, this.#parts));
      return textFile(name, dialect.boot(rendered, this.#factsOf(mac, machine, client)));
    } catch (error) {
      if (error instanceof LoaderConfigError || error instanceof TemplateError)
        return unmade(`profile ${id}: ${error.message}`);
      throw error;
    }
  }

  #factsOf(mac: MacAddress, machine: Machine | undefined, client: FileClient): LoaderFacts {
    const { settings, addressOf } = this.#parts;
    return {
      server: { address: parseIpv4(client.serverAddress), httpPort: settings().http.port },
      mac,
      address: machine?.address ?? addressOf(mac),
      hostname: machine?.name,
      uuid: machine?.uuid,
      serial: machine?.serial,
    };
  }
}

function textFile(name: string, text: string): VirtualFile {
  return { name, content: Buffer.from(text) };
}

function unmade(message: string): UnmadeFile {
  return { reason: "not-made", message };
}
