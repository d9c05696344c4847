import type { LeaseView } from "@railhead/boot-server";
import { Command } from "commander";
import { askServer } from "../control-client.ts";
import { textTable } from "../text-table.ts";
import { type SettingsOptions, settingsOf, withSettingsOptions } from "./settings-options.ts";

/** `railhead lease list|release`: the addresses that the running server has given. */
export function leaseCommand(): Command {
  return new Command("lease")
    .description("the addresses that the running server has given")
    .addCommand(
      withSettingsOptions(new Command("list"))
        .description("list leases, offers and declined addresses")
        .option("--json", "as JSON")
        .action(async (options: SettingsOptions & { readonly json?: true }) => {
          const leases = (await askServer(settingsOf(options), "GET", "/v1/leases")) as readonly LeaseView[];
          const sorted = leases.toSorted((a, b) => compareAddresses(a.address, b.address));
          process.stdout.write(options.json ? `${JSON.stringify(sorted, undefined, 2)}\n` : leaseTable(sorted));
        }),
    )
    .addCommand(
      withSettingsOptions(new Command("release"))
        .description("forget a lease, so that the address is free again")
        .argument("<address>", "whose")
        .action(async (address: string, options: SettingsOptions) => {
          await askServer(settingsOf(options), "DELETE", `/v1/leases/${encodeURIComponent(address)}`);
        }),
    );
}

function leaseTable(leases: readonly LeaseView[]): string {
  return textTable(
    ["ADDRESS", "MAC", "STATE", "UNTIL", "NAME"],
    leases.map(({ address, mac, state, expiresAt, machine, hostName }) => [
      address,
      mac,
      state,
      expiresAt,
      machine ?? printable(hostName ?? "-"),
    ]),
  );
}

/** 10.0.0.9 comes before 10.0.0.10. */
function compareAddresses(a: string, b: string): number {
  const [left, right] = [a, b].map((text) => text.split(".").reduce((number, part) => number * 256 + Number(part), 0));
  return (left ?? 0) - (right ?? 0);
}

/** A host name is what a client says of itself: nothing in it may command the terminal. */
function printable(text: string): string {
  return text.replaceAll(/[^\x20-\x7e]/g, "?");
}
