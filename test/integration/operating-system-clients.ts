import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout } from "node:timers/promises";
import { CLIENT_INTERFACE, type Lab, runOrThrow, startChild } from "@railhead/testkit";

/** What a DHCP client told its script: the event and the variables that came with it. */
export interface ClientRecord {
  readonly event: string;
  readonly variables: Readonly<Record<string, string>>;
}

/** What a client took from its lease, in the words of neither client. */
export interface TakenLease {
  readonly address: string | undefined;
  readonly mask: string | undefined;
  readonly router: string | undefined;
  readonly dns: string | undefined;
  readonly hostName: string | undefined;
  readonly domain: string | undefined;
  readonly leaseSeconds: number;
}

/** A DHCP client that runs on the lab's client side. */
export interface RunningClient extends AsyncDisposable {
  /** The first record, past or future, of one of these events. */
  record(...events: readonly string[]): Promise<ClientRecord>;
  readonly records: () => readonly ClientRecord[];
  signal(name: NodeJS.Signals): void;
  /** What it said. */
  output(): string;
}

export interface ClientPlan {
  /** Unique within the lab: names its files. */
  readonly name: string;
  readonly options?: readonly string[];
  /** dhclient only. */
  readonly configuration?: string;
  /** dhclient only: what it remembers of former leases. */
  readonly leases?: string;
}

/** Gives the client's card a MAC; whatever address it had is gone. */
export async function setMac(lab: Lab, mac: string): Promise<void> {
  const lines = [
    `addr flush dev ${CLIENT_INTERFACE}`,
    `link set ${CLIENT_INTERFACE} down`,
    `link set ${CLIENT_INTERFACE} address ${mac}`,
    `link set ${CLIENT_INTERFACE} up`,
  ];
  await runOrThrow(lab.network.inClient(["ip", "-batch", "-"]), { input: `${lines.join("\n")}\n` });
}

/** busybox's client; it keeps no memory of leases. */
export function startUdhcpc(lab: Lab, { name, options = [] }: ClientPlan): RunningClient {
  const { script, recordFile } = clientScript(lab, name);
  const fixed = ["-f", "-i", CLIENT_INTERFACE, "-s", script, "-t", "10", "-T", "1", "-A", "1"];
  return run(lab, ["busybox", "udhcpc", ...fixed, ...options], recordFile);
}

/** ISC's client, with its memory in a file of the plan's name. */
export function startDhclient(lab: Lab, plan: ClientPlan): RunningClient {
  const { name, options = [], configuration = "", leases } = plan;
  const { script, recordFile } = clientScript(lab, name);
  const files = dhclientFiles(lab, name);
  writeFileSync(
    files.configuration,
    `initial-delay 0; initial-interval 1; backoff-cutoff 2; timeout 20;\n${configuration}\n`,
  );
  if (leases !== undefined) writeFileSync(files.leases, leases);
  else writeFileSync(files.leases, "", { flag: "a" });
  const fixed = ["-4", "-d", "-v", "-cf", files.configuration, "-lf", files.leases, "-pf", files.pid, "-sf", script];
  return run(lab, ["dhclient", ...fixed, ...options, CLIENT_INTERFACE], recordFile);
}

function dhclientFiles(lab: Lab, name: string) {
  const base = join(lab.directory, name);
  return { configuration: `${base}.conf`, leases: `${base}.leases`, pid: `${base}.pid` };
}

/** What both clients call a lease, in the same words. */
export function takenLease({ variables: v }: ClientRecord): TakenLease {
  return {
    address: v["ip"] ?? v["new_ip_address"],
    mask: v["subnet"] ?? v["new_subnet_mask"],
    router: v["router"] ?? v["new_routers"],
    dns: v["dns"] ?? v["new_domain_name_servers"],
    hostName: v["hostname"] ?? v["new_host_name"],
    domain: v["domain"] ?? v["new_domain_name"],
    leaseSeconds: Number(v["lease"] ?? v["new_dhcp_lease_time"]),
  };
}

/** Writes down every call, and configures the interface as such scripts do. udhcpc gives the event as $1. */
function clientScript(lab: Lab, name: string): { readonly script: string; readonly recordFile: string } {
  const script = join(lab.directory, `${name}.sh`);
  const recordFile = join(lab.directory, `${name}.records`);
  const text = `#!/bin/sh
event=\${1:-$reason}
case $event in
  bound | renew | BOUND | RENEW | REBIND | REBOOT)
    ip addr flush dev "$interface"
    ip addr add "\${ip:-$new_ip_address}/\${subnet:-$new_subnet_mask}" dev "$interface"
    ;;
  *) ip addr flush dev "$interface" ;;
esac
{ echo "@$event"; env; echo "."; } >>'${recordFile}'
`;
  writeFileSync(script, text, { mode: 0o755 });
  writeFileSync(recordFile, "");
  return { script, recordFile };
}

function run(lab: Lab, argv: readonly [string, ...string[]], recordFile: string): RunningClient {
  const child = startChild(lab.network.inClient(argv));
  const closed = new Promise<void>((resolve) => {
    child.once("close", () => resolve());
  });
  let output = "";
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding("utf8").on("data", (text: string) => (output += text));
  }
  const records = () => parseRecords(readFileSync(recordFile, "utf8"));
  return {
    records,
    output: () => output,
    signal: (name) => void child.kill(name),
    async record(...events) {
      const deadline = performance.now() + 25_000;
      while (performance.now() < deadline) {
        const found = records().find(({ event }) => events.includes(event));
        if (found !== undefined) return found;
        await setTimeout(50);
      }
      throw new Error(`${argv[0]} never came to ${events.join(" or ")}; it said\n${output}`);
    },
    async [Symbol.asyncDispose]() {
      child.kill("SIGKILL");
      await closed;
    },
  };
}

/** Only records that are written whole. */
function parseRecords(text: string): readonly ClientRecord[] {
  return text
    .split("\n.\n")
    .slice(0, -1)
    .map((block) => {
      const [head = "", ...lines] = block.split("\n");
      const variables = lines.map((line) => [line.slice(0, line.indexOf("=")), line.slice(line.indexOf("=") + 1)]);
      return { event: head.slice(1), variables: Object.fromEntries(variables) as Record<string, string> };
    });
}
