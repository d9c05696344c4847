import type { ServerEvent } from "@railhead/boot-server";
import type { LabEvent } from "@railhead/testkit";

/** Every event there is; the compiler sees to it that none is forgotten. */
const KNOWN: Readonly<Record<ServerEvent["event"], true>> = {
  "server.ready": true,
  "server.stopping": true,
  "server.stopped": true,
  "store.problem": true,
  "inventory.loaded": true,
  "inventory.refused": true,
  "dhcp.reply": true,
  "dhcp.ignored": true,
  "dhcp.recorded": true,
  "dhcp.conflict": true,
  "dhcp.foreign-server": true,
  "clock.stepped": true,
  "settings.reloaded": true,
  "settings.refused": true,
  "dhcp.malformed": true,
  "dhcp.failed": true,
  "tftp.sent": true,
  "tftp.probed": true,
  "tftp.missing": true,
  "tftp.aborted": true,
  "tftp.refused": true,
  "tftp.malformed": true,
  "tftp.failed": true,
  "dns.query": true,
  "dns.malformed": true,
  "dns.upstream-down": true,
  "dns.upstream-up": true,
  "dns.failed": true,
  "http.request": true,
  "http.refused": true,
  "http.failed": true,
  "machine.progress": true,
};

/** A reply that had nowhere to go: the network's fault, not the server's. */
const UNDELIVERABLE = /^send E(NETUNREACH|HOSTUNREACH|ACCES|INVAL|PERM)\b/;

/** The events that tell of a mistake in the server: unknown ones, and failures that are not the network's. */
export function suspiciousEvents(events: readonly LabEvent[]): readonly LabEvent[] {
  return events.filter(({ event, ...facts }) => {
    if (!Object.hasOwn(KNOWN, event)) return true;
    if (event === "store.problem" || event === "tftp.failed" || event === "http.failed" || event === "dns.failed")
      return true;
    return event === "dhcp.failed" && !UNDELIVERABLE.test(String(facts["error"]));
  });
}
