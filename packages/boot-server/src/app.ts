import { type BootServices, parseBinding, parseMachineRecord } from "@railhead/provisioning";
import { openFileStore, type StoreProblem } from "@railhead/store";
import type { Ipv4Address, MacAddress } from "@railhead/wire";
import { readAgentCatalog } from "./agent/agent-catalog.ts";
import { DhcpServer } from "./dhcp/dhcp-server.ts";
import { DhcpSockets } from "./dhcp/dhcp-sockets.ts";
import { httpServer, listen } from "./http/http-server.ts";
import { serverUrl } from "./http/template-context.ts";
import { DataDirectory } from "./inventory/data-directory.ts";
import type { EventLog } from "./log/events.ts";
import { MachineRegister } from "./machines/machine-register.ts";
import { keepReport, parseMachineReports } from "./machines/report-log.ts";
import { requireDirectories } from "./settings/require-directories.ts";
import type { Settings } from "./settings/schema.ts";
import { BootFiles } from "./tftp/boot-files.ts";
import { TftpServer } from "./tftp/tftp-server.ts";

/** A boot server that is up. */
export interface BootServer {
  /** Reads the data directory anew, at once. */
  reload(): void;
  /** Ends every service; resolves when all sockets are closed and everything is on disk. */
  close(): Promise<void>;
}

/**
 * Starts the boot server: acquires everything, then serves. When one part cannot be had, those acquired before are
 * given up and the error tells which and why.
 *
 * @throws SettingsError, BindError, StoreError, InventoryError, AgentCatalogError
 */
export async function startBootServer(settings: Settings, log: EventLog): Promise<BootServer> {
  const startedAt = performance.now();
  await using acquired = new AsyncDisposableStack();
  const now = () => Date.now();

  requireDirectories(settings);
  const agents = settings.agentDir === undefined ? undefined : readAgentCatalog(settings.agentDir);
  const data = acquired.adopt(new DataDirectory(settings.dataPath, log), (directory) => directory.close());
  const snapshot = () => data.current;
  const store = acquired.adopt(await openFileStore(settings.stateDir), (opened) => opened.close());
  const machines = new MachineRegister({ store: store.collection("machines", parseMachineRecord), snapshot, now, log });
  const reports = store.collection("reports", parseMachineReports);
  const bindings = store.collection("bindings", parseBinding);
  for (const problem of store.problems) log({ event: "store.problem", problem: describeStoreProblem(problem) });

  const dhcpServers: DhcpServer[] = [];
  for (const network of settings.networks) {
    const sockets = acquired.adopt(await DhcpSockets.open(network.serverAddress), (opened) => opened.close());
    const dhcp = new DhcpServer({
      network,
      services: bootServices(settings, network.serverAddress),
      snapshot,
      store: bindings,
      now,
      log,
      onContact: ({ mac, stage, address }) => void machines.contact(mac, { kind: "dhcp", clientStage: stage, address }),
      send: (payload, port, address) =>
        sockets.send(payload, port, address, (error) =>
          log({ event: "dhcp.failed", from: address, error: error.message }),
        ),
    });
    sockets.onError((error) => log({ event: "dhcp.failed", from: network.name, error: error.message }));
    sockets.onDatagram((datagram, from) => void dhcp.handle(datagram, from));
    data.onChange(() => dhcp.inventoryChanged());
    dhcpServers.push(dhcp);
    if (settings.tftp !== undefined) {
      const { root, port } = settings.tftp;
      const tftp = new TftpServer({ address: network.serverAddress, port, files: new BootFiles(root), log });
      acquired.adopt(tftp, (server) => server.close());
      await tftp.listen();
    }
  }

  const app = await httpServer({
    settings,
    data,
    agents,
    log,
    storeProblems: () => store.problems.map(describeStoreProblem),
    addressOf: (mac: MacAddress) => firstOf(dhcpServers, (dhcp) => dhcp.addressOf(mac)),
    holderOf: (address: Ipv4Address) => firstOf(dhcpServers, (dhcp) => dhcp.holderOf(address)),
    onContact: async (mac, contact) => {
      await machines.contact(mac, contact);
      if (contact.kind === "report") await keepReport(reports, contact.report);
    },
  });
  acquired.defer(() => app.close());
  await listen(app, settings);
  data.follow();

  const running = acquired.move();
  log({
    event: "server.ready",
    url: serverUrl(settings),
    networks: settings.networks.map(({ name }) => name),
    milliseconds: Math.round(performance.now() - startedAt),
  });
  return {
    reload: () => data.reload(),
    close: async () => {
      await running.disposeAsync();
      log({ event: "server.stopped" });
    },
  };
}

function bootServices(settings: Settings, nextServer: Ipv4Address): BootServices {
  return {
    nextServer,
    scriptUrl: `${serverUrl(settings)}/boot.ipxe`,
    loaders: settings.tftp?.loaders ?? { bios: "undionly.kpxe", "uefi-x64": "snponly.efi" },
  };
}

function firstOf<T, U>(items: readonly T[], find: (item: T) => U | undefined): U | undefined {
  for (const item of items) {
    const found = find(item);
    if (found !== undefined) return found;
  }
  return undefined;
}

function describeStoreProblem(problem: StoreProblem): string {
  const { kind, ...facts } = problem;
  return `${kind} ${JSON.stringify(facts, (_key, value: unknown) => (value instanceof Error ? value.message : value))}`;
}
