import { clientOf } from "../boot/client.ts";
import { findMachine } from "../inventory/inventory.ts";
import { refuseAdmission } from "./admission.ts";
import { type DhcpFacts, type Exchange, ignore, reservationOf } from "./exchange.ts";
import { respondWithLease } from "./lease.ts";
import type { DhcpOutcome } from "./outcome.ts";
import { respondAsBootServer, respondAsProxy } from "./proxy.ts";

/**
 * Decides about one DHCP message of a client on a network.
 *
 * @throws DecodeError when an option that matters has a wrong length.
 */
export function respond(facts: DhcpFacts): DhcpOutcome {
  return whenAdmitted(facts, (exchange) => {
    switch (facts.network.mode) {
      case "authoritative":
        return respondWithLease(exchange);
      case "reservations":
        // Strangers may belong to another server: they hear nothing, not even a NAK.
        return exchange.reserved === undefined ? ignore("no-reservation") : respondWithLease(exchange);
      case "proxy":
        return respondAsProxy(exchange);
      case "off":
        return ignore("dhcp-is-off");
    }
  });
}

/**
 * The same for a message on port 4011, where only what to boot is asked for.
 *
 * @throws DecodeError
 */
export function respondOnBootServerPort(facts: DhcpFacts): DhcpOutcome {
  return whenAdmitted(facts, respondAsBootServer);
}

function whenAdmitted(facts: DhcpFacts, decide: (exchange: Exchange) => DhcpOutcome): DhcpOutcome {
  const { message, network, inventory } = facts;
  if (message.op !== "request") return ignore("not-a-request");
  const client = clientOf(message);
  if ("reason" in client) return ignore(client.reason);

  const machine = findMachine(inventory, client);
  const refusal = refuseAdmission(network.policy, message, client, machine);
  if (refusal !== undefined) return ignore(refusal);

  return decide({ ...facts, client, machine, reserved: reservationOf(machine, client, network) });
}
