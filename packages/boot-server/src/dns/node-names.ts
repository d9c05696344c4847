import { HostNameIndex, type NamedBindings } from "@railhead/provisioning";
import type { BindingLedger } from "../dhcp/binding-ledger.ts";

/** What the leases say about names, by look-ups that do not grow with their number. */
export function nodeNames(ledger: BindingLedger): NamedBindings {
  const index = new HostNameIndex();
  for (const binding of ledger.values()) index.apply(binding);
  ledger.onRecord((binding) => index.apply(binding));
  return {
    ofMac: (mac) => ledger.ofMac(mac),
    ofAddress: (address) => ledger.ofAddress(address),
    ofLabel: (label) => index.addressesOf(label),
  };
}
