import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout } from "node:timers/promises";
import { CLIENT_INTERFACE, labTool, runOrThrow, startChild } from "@railhead/testkit";
import type { ClientSide } from "./lab-host.ts";

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
  /** dhclient and dhcpcd only. */
  readonly configuration?: string;
  /** dhclient only: what it remembers of former leases. */
  readonly leases?: string;
}

/** Gives the client's card a MAC; whatever address it had is gone. */
export async function setMac(lab: ClientSide, mac: string): Promise<void> {
  const lines = [
    `addr flush dev ${CLIENT_INTERFACE}`,
    `link set ${CLIENT_INTERFACE} down`,
    `link set ${CLIENT_INTERFACE} address ${mac}`,
    `link set ${CLIENT_INTERFACE} up`,
    // Went with the link: lets an ordinary socket broadcast without an address.
    `route replace 255.255.255.255 dev ${CLIENT_INTERFACE}`,
  ];
  await runOrThrow(lab.network.inClient(["ip", "-batch", "-"]), { input: `${lines.join("\n")}\n` });
}

/** busybox's client; it keeps no memory of leases. */
export function startUdhcpc(lab: ClientSide, { name, options = [] }: ClientPlan): RunningClient {
  const { script, recordFile } = clientScript(lab, name);
  const fixed = ["-f", "-i", CLIENT_INTERFACE, "-s", script, "-t", "10", "-T", "1", "-A", "1"];
  return run(lab, ["busybox", "udhcpc", ...fixed, ...options], recordFile);
}

/** ISC's client, with its memory in a file of the plan's name. */
export function startDhclient(lab: ClientSide, plan: ClientPlan): RunningClient {
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

function dhclientFiles(lab: ClientSide, name: string) {
  const base = join(lab.directory, name);
  return { configuration: `${base}.conf`, leases: `${base}.leases`, pid: `${base}.pid` };
}

/** What each client calls a lease, in the same words. */
export function takenLease({ variables: v }: ClientRecord): TakenLease {
  return {
    address: v["ip"] ?? v["new_ip_address"] ?? v["ADDRESS"],
    mask: v["subnet"] ?? v["new_subnet_mask"] ?? v["NETMASK"],
    router: v["router"] ?? v["new_routers"] ?? v["ROUTER"],
    dns: v["dns"] ?? v["new_domain_name_servers"] ?? v["DNS"],
    hostName: v["hostname"] ?? v["new_host_name"] ?? v["HOSTNAME"],
    domain: v["domain"] ?? v["new_domain_name"] ?? v["DOMAINNAME"],
    leaseSeconds: Number(v["lease"] ?? v["new_dhcp_lease_time"] ?? v["LIFETIME"]),
  };
}

/** dhcpcd: ISC's words in the script, but it configures the interface itself. Its memory ends with it. */
export function startDhcpcd(lab: ClientSide, { name, options = [], configuration = "" }: ClientPlan): RunningClient {
  const { script, recordFile } = recordingScript(lab, name, "");
  const file = join(lab.directory, `${name}.conf`);
  writeFileSync(file, `option subnet_mask, routers, domain_name_servers, domain_name, host_name\n${configuration}\n`);
  const fixed = ["-4", "-B", "-d", "--noipv4ll", "--noarp", "--nodev", "-f", file, "-c", script];
  const folders = ["/run", "/var/lib/dhcpcd"];
  return run(lab, [...inPrivate(folders, []), "dhcpcd", ...fixed, ...options, CLIENT_INTERFACE], recordFile);
}

/**
 * systemd-networkd, without a systemd. Its only record is "configured", with what it keeps of its lease
 * (`ADDRESS`, `DNS` ...) for variables.
 *
 * @param plan `configuration` is added to its `.network` file, after `[DHCPv4]`
 */
export function startNetworkd(lab: ClientSide, { name, configuration = "" }: ClientPlan): RunningClient {
  const recordFile = join(lab.directory, `${name}.records`);
  writeFileSync(recordFile, "");
  const file = join(lab.directory, `${name}.network`);
  const text = [
    "[Match]",
    `Name=${CLIENT_INTERFACE}`,
    "[Network]",
    "DHCP=ipv4\nLinkLocalAddressing=no\nIPv6AcceptRA=no",
    "[DHCPv4]",
    configuration,
  ];
  writeFileSync(file, `${text.join("\n")}\n`);
  const state = "/run/systemd/netif";
  const commands = [
    // What it finds in the host's /sys would be the host's devices.
    "mount -t sysfs -o ro sysfs /sys",
    `mkdir -p /run/systemd/network ${state}/leases ${state}/links ${state}/lldp`,
    `chown -R systemd-network: ${state}`,
    `cp '${file}' /run/systemd/network/10-${name}.network`,
    `( until lease=$(cat ${state}/leases/* 2>/dev/null); do sleep 0.1; done
printf '@configured\\n%s\\n.\\n' "$lease" >>'${recordFile}' ) &`,
  ];
  const daemon = labTool("networkd");
  const variables = ["env", "SYSTEMD_LOG_TARGET=console", "SYSTEMD_LOG_COLOR=0", "SYSTEMD_LOG_LEVEL=debug"];
  return run(lab, [...inPrivate(["/run"], commands), ...variables, daemon], recordFile);
}

/**
 * The beginning of a command that runs with these folders empty and its own, and that takes everything it started
 * with it when it ends. Some clients want the whole machine for themselves.
 *
 * The shell stays: a client that gives up root is no longer told that its parent has died.
 */
function inPrivate(folders: readonly string[], commands: readonly string[]): readonly [string, ...string[]] {
  const mounts = folders.map((folder) => `mount -t tmpfs tmpfs ${folder}`);
  const stay = ['"$@" &', "client=$!", 'trap "kill -TERM $client" TERM', "wait $client || wait $client"];
  const script = ["set -e", ...mounts, ...commands, ...stay].join("\n");
  return ["unshare", "--mount", "--pid", "--fork", "--kill-child=KILL", "--", "sh", "-c", script, "sh"];
}

/** Writes down every call, and configures the interface as such scripts do. udhcpc gives the event as $1. */
function clientScript(lab: ClientSide, name: string) {
  return recordingScript(
    lab,
    name,
    `case $event in
  bound | renew | BOUND | RENEW | REBIND | REBOOT)
    ip addr flush dev "$interface"
    ip addr add "\${ip:-$new_ip_address}/\${subnet:-$new_subnet_mask}" dev "$interface"
    ;;
  *) ip addr flush dev "$interface" ;;
esac`,
  );
}

function recordingScript(lab: ClientSide, name: string, action: string) {
  const script = join(lab.directory, `${name}.sh`);
  const recordFile = join(lab.directory, `${name}.records`);
  const text = `#!/bin/sh
event=\${1:-\${event:-$reason}}
${action}
{ echo "@$event"; env; echo "."; } >>'${recordFile}'
`;
  writeFileSync(script, text, { mode: 0o755 });
  writeFileSync(recordFile, "");
  return { script, recordFile };
}

function run(lab: ClientSide, argv: readonly [string, ...string[]], recordFile: string): RunningClient {
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
    signal(name) {
      if (argv[0] === "unshare") process.kill(onlyChildOf(child.pid), name);
      else child.kill(name);
    },
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

/** unshare keeps signals to itself; the shell that it has started hands SIGTERM on. */
function onlyChildOf(pid: number | undefined): number {
  return Number(readFileSync(`/proc/${pid}/task/${pid}/children`, "utf8"));
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
