import type { DhcpIgnoreReason, MachineRecord } from "@railhead/provisioning";

/**
 * Everything that the server says, one event for each thing that happened. `event` is the name, the rest its
 * facts. Never a config body, never a secret.
 */
export type ServerEvent =
  | {
      readonly event: "server.ready";
      readonly url: string;
      readonly networks: readonly string[];
      readonly milliseconds: number;
    }
  | { readonly event: "server.stopping"; readonly signal: string }
  | { readonly event: "server.stopped" }
  | { readonly event: "store.problem"; readonly problem: string }
  | {
      readonly event: "inventory.loaded";
      readonly machines: number;
      readonly groups: number;
      readonly profiles: number;
      readonly problems: readonly string[];
    }
  | { readonly event: "inventory.refused"; readonly problems: readonly string[] }
  | {
      readonly event: "dhcp.reply";
      readonly type: string;
      readonly mac: string;
      readonly address: string;
      readonly boot: string;
      readonly machine?: string;
    }
  | { readonly event: "dhcp.ignored"; readonly reason: DhcpIgnoreReason; readonly mac?: string }
  | { readonly event: "dhcp.recorded"; readonly state: string; readonly mac: string; readonly address: string }
  | {
      readonly event: "dhcp.foreign-server";
      readonly network: string;
      readonly server: string;
      readonly offered: string;
    }
  | { readonly event: "clock.stepped"; readonly seconds: number }
  | { readonly event: "settings.reloaded"; readonly restartNeededFor: readonly string[] }
  | { readonly event: "settings.refused"; readonly problems: readonly string[] }
  | {
      readonly event: "dhcp.conflict";
      readonly network: string;
      readonly address: string;
      /** The hardware address of who has it; `unknown` behind a relay. */
      readonly holder: string;
    }
  | { readonly event: "dhcp.malformed"; readonly reason: string; readonly from: string }
  | { readonly event: "dhcp.failed"; readonly from: string; readonly error: string }
  | {
      readonly event: "tftp.sent";
      readonly file: string;
      readonly to: string;
      readonly bytes: number;
      readonly milliseconds: number;
    }
  /** The client wanted to know the size only, as EDK2 does before it loads a file. */
  | { readonly event: "tftp.probed"; readonly file: string; readonly to: string }
  /** Firmware and boot loaders look for many files that need not be there. */
  | { readonly event: "tftp.missing"; readonly file: string; readonly to: string }
  | { readonly event: "tftp.aborted"; readonly file: string; readonly to: string; readonly reason: string }
  | { readonly event: "tftp.refused"; readonly file: string; readonly to: string; readonly reason: string }
  | { readonly event: "tftp.malformed"; readonly reason: string; readonly from: string }
  | { readonly event: "tftp.failed"; readonly from: string; readonly error: string }
  | {
      readonly event: "dns.query";
      readonly name: string;
      readonly type: string;
      readonly from: string;
      readonly source: "own" | "cache" | "upstream" | "refused" | "failed";
      readonly rcode: string;
      readonly milliseconds: number;
    }
  | { readonly event: "dns.malformed"; readonly reason: string; readonly from: string }
  | { readonly event: "dns.upstream-down"; readonly resolver: string; readonly reason: string }
  | { readonly event: "dns.upstream-up"; readonly resolver: string }
  | { readonly event: "dns.failed"; readonly from: string; readonly error: string }
  | {
      readonly event: "http.request";
      readonly method: string;
      readonly path: string;
      readonly status: number;
      readonly from: string;
      readonly milliseconds: number;
    }
  | {
      readonly event: "http.refused";
      readonly path: string;
      readonly status: number;
      readonly reason: string;
      readonly message: string;
      readonly from: string;
    }
  | { readonly event: "http.failed"; readonly path: string; readonly from: string; readonly error: string }
  | ({ readonly event: "machine.progress" } & MachineProgress);

/** How far a machine has come, as the event `machine.progress` tells it. */
export interface MachineProgress {
  readonly machine: string;
  readonly mac: string;
  readonly stage: MachineRecord["boot"]["stage"];
  readonly role?: string;
  readonly address?: string;
  readonly revision?: string;
  readonly unit?: string;
  readonly index?: number;
  readonly total?: number;
  readonly unitsOk: number;
  readonly unitsTotal?: number;
  readonly failedUnit?: string;
  readonly reason?: string;
  readonly journal?: readonly string[];
  /** From the first packet of this boot until now. */
  readonly bootSeconds: number;
}

/** How grave an event is; what is not here is "info". */
export const EVENT_LEVELS: Readonly<Partial<Record<ServerEvent["event"], "debug" | "warn" | "error">>> = {
  "store.problem": "error",
  "inventory.refused": "error",
  "dhcp.ignored": "debug",
  "dhcp.conflict": "warn",
  "dhcp.foreign-server": "warn",
  "clock.stepped": "warn",
  "settings.refused": "error",
  "dhcp.malformed": "warn",
  "dhcp.failed": "error",
  "tftp.probed": "debug",
  "tftp.aborted": "warn",
  "tftp.refused": "warn",
  "tftp.malformed": "warn",
  "tftp.failed": "error",
  "dns.query": "debug",
  "dns.malformed": "debug",
  "dns.upstream-down": "warn",
  "dns.failed": "error",
  "http.request": "debug",
  "http.refused": "warn",
  "http.failed": "error",
};

/** Where events go. */
export type EventLog = (event: ServerEvent) => void;
