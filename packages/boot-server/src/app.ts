import { type BootServices, parseBinding, parseMachineRecord } from "@railhead/provisioning";
import { openFileStore, type StoreProblem } from "@railhead/store";
import type { Ipv4Address, MacAddress } from "@railhead/wire";
import { readAgentCatalog } from "./agent/agent-catalog.ts";
import { BindingLedger } from "./dhcp/binding-ledger.ts";
import { DhcpEndpoints } from "./dhcp/dhcp-endpoints.ts";
import { DhcpServer } from "./dhcp/dhcp-server.ts";
import { httpServer, listen } from "./http/http-server.ts";
import { serverUrl } from "./http/template-context.ts";
import { DataDirectory } from "./inventory/data-directory.ts";
import type { EventLog } from "./log/events.ts";
import { MachineRegister } from "./machines/machine-register.ts";
import { keepReport, parseMachineReports } from "./machines/report-log.ts";
import { AddressProbe } from "./net/address-probe.ts";
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
 * @param passed sockets that the service manager hands over, by the name of their network
 * @throws SettingsError, BindError, StoreError, InventoryError, AgentCatalogError
 */
export async function startBootServer(
  settings: Settings,
  log: EventLog,
  passed: ReadonlyMap<string, number> = new Map(),
): Promise<BootServer> {
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

  const { networks } = settings;
  const ledger = new BindingLedger(bindings, networks);
  data.onChange(() => ledger.rewind());
  const served = networks.map((network) => ({ network, services: bootServices(settings, network.serverAddress) }));
  const dhcp = new DhcpServer({
    networks: () => served,
    ledger,
    probe: new AddressProbe(),
    snapshot,
    now,
    log,
    onContact: ({ mac, stage, address }) =>
      void machines.contact(mac, { kind: "dhcp", clientStage: stage, ...(address === undefined ? {} : { address }) }),
    send: (from, payload, port, address) => endpoints.send(from, payload, port, address),
  });
  const endpoints = await DhcpEndpoints.open(networks, passed, {
    onDatagram: ({ payload, ...arrival }) => void dhcp.handle(payload, arrival),
    onError: (error) => log({ event: "dhcp.failed", from: "socket", error: error.message }),
  });
  acquired.defer(() => endpoints.close());
  const bootFiles = settings.tftp === undefined ? undefined : new BootFiles(settings.tftp.root);
  if (settings.tftp !== undefined && bootFiles !== undefined) {
    for (const address of new Set(networks.map(({ serverAddress }) => serverAddress))) {
      const tftp = new TftpServer({ address, port: settings.tftp.port, files: bootFiles, log });
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
    bootFiles,
    addressOf: (mac) => ledger.addressOf(mac),
    holderOf: (address) => ledger.holderOf(address),
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
    url: serverUrl(settings, settings.http.address),
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
    scriptUrl: `${serverUrl(settings, nextServer)}/boot.ipxe`,
    loadersUrl: `${serverUrl(settings, nextServer)}/boot`,
    loaders: settings.tftp?.loaders ?? {},
  };
}

function describeStoreProblem(problem: StoreProblem): string {
  const { kind, ...facts } = problem;
  return `${kind} ${JSON.stringify(facts, (_key, value: unknown) => (value instanceof Error ? value.message : value))}`;
}
