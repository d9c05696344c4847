import type { Ipv4Address } from "@railhead/wire";
import type { Binding } from "../dhcp/binding.ts";

/**
 * Which addresses have been leased under which host name, so that no look-up scans the leases. It only says where to
 * look: what holds is what the binding of the address says by then.
 */
export class HostNameIndex {
  readonly #byName = new Map<string, Set<Ipv4Address>>();
  /** Holds the index to one name for each address. */
  readonly #byAddress = new Map<Ipv4Address, string>();

  apply({ address, hostName }: Pick<Binding, "address" | "hostName">): void {
    const name = hostName === undefined ? undefined : hostLabel(hostName);
    const former = this.#byAddress.get(address);
    if (former === name) return;
    if (former !== undefined) {
      const addresses = this.#byName.get(former);
      addresses?.delete(address);
      if (addresses?.size === 0) this.#byName.delete(former);
      this.#byAddress.delete(address);
    }
    if (name === undefined) return;
    this.#byAddress.set(address, name);
    const addresses = this.#byName.get(name) ?? new Set();
    this.#byName.set(name, addresses.add(address));
  }

  /** @param label a host label in lower case */
  addressesOf(label: string): readonly Ipv4Address[] {
    return [...(this.#byName.get(label) ?? [])];
  }
}

const LABEL = /^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/;
/** Names that make other programs trust whoever has them: no client may call itself so. */
const NOT_FOR_CLIENTS: ReadonlySet<string> = new Set(["isatap", "localhost", "wpad"]);

/**
 * The first label of what a client calls itself (DHCP option 12), in lower case; `undefined` when that is no host name.
 * Some clients send their full name: the domain is the network's, whatever they say.
 */
export function hostLabel(hostName: string): string | undefined {
  const label = hostName.toLowerCase().split(".")[0] ?? "";
  return LABEL.test(label) && !NOT_FOR_CLIENTS.has(label) ? label : undefined;
}
