import {
  type Binding,
  type BootServices,
  type Inventory,
  parseBinding,
  parseMachineRecord,
} from "@railhead/provisioning";
import { openFileStore, type StoreProblem } from "@railhead/store";
import type { Ipv4Address } from "@railhead/wire";
import { readAgentCatalog } from "./agent/agent-catalog.ts";
import { verifySnapshot } from "./check/verify-snapshot.ts";
import { type LeaseView, type ReloadResult, startControlServer } from "./control/control-server.ts";
import { DhcpService } from "./dhcp/dhcp-service.ts";
import { DnsEndpoints } from "./dns/dns-endpoints.ts";
import { httpServer, listen } from "./http/http-server.ts";
import { serverUrl } from "./http/template-context.ts";
import { DataDirectory, type Verify } from "./inventory/data-directory.ts";
import type { EventLog } from "./log/events.ts";
import { MachineRegister } from "./machines/machine-register.ts";
import { parseMachineReports, ReportLog } from "./machines/report-log.ts";
import { SettingsError } from "./settings/load.ts";
import { restartNeeded, withReloadable } from "./settings/reloadable.ts";
import { requireDirectories } from "./settings/require-directories.ts";
import type { Settings } from "./settings/schema.ts";
import { BootFiles } from "./tftp/boot-files.ts";
import { FileLibrary } from "./tftp/file-library.ts";
import { MachineFiles, type MachineFilesParts } from "./tftp/machine-files.ts";
import { TftpService } from "./tftp/tftp-service.ts";

/** A boot server that is up. */
export interface BootServer {
  /** Reads configuration and data directory anew; a broken one changes nothing. */
  reload(): Promise<ReloadResult>;
  /** Ends every service; resolves when all sockets are closed and everything is on disk. */
  close(): Promise<void>;
}

export interface BootServerParts {
  readonly settings: Settings;
  /** For a reload. @throws SettingsError */
  readonly readSettings: () => Settings;
  readonly log: EventLog;
  /** Sockets that the service manager hands over, by the name of their network. */
  readonly passed?: ReadonlyMap<string, number>;
}

/**
 * Starts the boot server: acquires everything, then serves. When one part cannot be had, those acquired before are
 * given up and the error tells which and why.
 *
 * @throws SettingsError, BindError, StoreError, InventoryError, AgentCatalogError
 */
export async function startBootServer(parts: BootServerParts): Promise<BootServer> {
  const { log, readSettings, passed = new Map() } = parts;
  const startedAt = performance.now();
  await using acquired = new AsyncDisposableStack();
  let { settings } = parts;

  requireDirectories(settings);
  const agents = settings.agentDir === undefined ? undefined : readAgentCatalog(settings.agentDir);
  const verify: Verify = (...snapshots) => verifySnapshot({ settings: () => settings, agents }, ...snapshots);
  const data = acquired.adopt(new DataDirectory({ path: settings.dataPath, log, verify }), (directory) =>
    directory.close(),
  );
  const snapshot = () => data.current;
  const store = acquired.adopt(await openFileStore(settings.stateDir), (opened) => opened.close());
  const machines = new MachineRegister({
    store: store.collection("machines", parseMachineRecord),
    snapshot,
    now: () => Date.now(),
    log,
  });
  const reports = new ReportLog(store.collection("reports", parseMachineReports));
  const bindings = store.collection("bindings", parseBinding);
  for (const problem of store.problems) log({ event: "store.problem", problem: describeStoreProblem(problem) });

  const dhcp = new DhcpService({
    networks: settings.networks,
    bootServices: ({ serverAddress }) => bootServices(settings, serverAddress),
    passed,
    store: bindings,
    snapshot,
    log,
    onContact: ({ mac, stage, ...address }) =>
      void machines.contact(mac, { kind: "dhcp", clientStage: stage, ...address }),
  });
  data.onChange(() => dhcp.ledger.rewind());
  const library = fileLibrary(settings, {
    settings: () => settings,
    agents,
    snapshot,
    addressOf: (mac) => dhcp.ledger.addressOf(mac, dhcp.now()),
    holderOf: (address) => dhcp.ledger.holderOf(address, dhcp.now()),
  });
  const tftp =
    settings.tftp === undefined || library === undefined
      ? undefined
      : acquired.adopt(new TftpService({ settings: settings.tftp, library, log }), (service) => service.close());
  await tftp?.listenOn(serverAddresses(settings));
  const dns =
    settings.dns === undefined
      ? undefined
      : acquired.adopt(
          new DnsEndpoints({
            settings: settings.dns,
            networks: () => settings.networks,
            ledger: dhcp.ledger,
            snapshot,
            now: () => dhcp.now(),
            log,
          }),
          (endpoints) => endpoints.close(),
        );
  await dns?.listenOn(serverAddresses(settings));

  const app = await httpServer({
    settings: () => settings,
    data,
    agents,
    log,
    problems: () => ({
      store: store.problems.map(describeStoreProblem),
      foreignServers: dhcp.foreignServers.map(({ network, server }) => `${server} answers DHCP on ${network}`),
    }),
    library,
    addressOf: (mac) => dhcp.ledger.addressOf(mac, dhcp.now()),
    holderOf: (address) => dhcp.ledger.holderOf(address, dhcp.now()),
    onContact: async (mac, contact) => {
      await machines.contact(mac, contact);
      if (contact.kind === "report") await reports.keep(contact.report);
    },
  });
  acquired.defer(() => app.close());
  await listen(app, settings);
  data.follow();
  // Last of all, and the first to end: who is given an address finds everything else there.
  await dhcp.listen();
  acquired.defer(() => dhcp.close());

  const reloadOnce = async (): Promise<ReloadResult> => {
    const former = settings;
    try {
      const fresh = readSettings();
      await tftp?.listenOn([...serverAddresses(former), ...serverAddresses(fresh)]);
      await dns?.listenOn([...serverAddresses(former), ...serverAddresses(fresh)]);
      settings = withReloadable(former, fresh); // before the networks, whose boot services are made of it
      await dhcp.replaceNetworks(settings.networks);
      await tftp?.listenOn(serverAddresses(settings));
      await dns?.listenOn(serverAddresses(settings));
      const restartNeededFor = restartNeeded(settings, fresh);
      log({ event: "settings.reloaded", restartNeededFor });
      data.reload(); // after the settings, whose variables are in what it renders
      return { reloaded: true, restartNeededFor, problems: data.refused };
    } catch (error) {
      settings = former;
      data.reload();
      const problems =
        error instanceof SettingsError ? error.problems : [error instanceof Error ? error.message : String(error)];
      log({ event: "settings.refused", problems });
      return { reloaded: false, problems };
    }
  };
  // One at a time: a signal and a command may come together.
  let reloading: Promise<unknown> = Promise.resolve();
  let closing = false;
  const reload = (): Promise<ReloadResult> => {
    const next = reloading.then(() =>
      closing ? { reloaded: false as const, problems: ["the server is stopping"] } : reloadOnce(),
    );
    reloading = next;
    return next;
  };
  const control = await startControlServer(settings.stateDir, {
    leases: () => dhcp.ledger.values().map((binding) => leaseView(binding, snapshot().inventory)),
    release: (address) => dhcp.ledger.release(address),
    reload,
    lookForForeignServers: () => dhcp.lookForForeignServers(),
  });
  acquired.defer(() => control.close());

  const running = acquired.move();
  log({
    event: "server.ready",
    url: serverUrl(settings, settings.http.address),
    networks: settings.networks.map(({ name }) => name),
    milliseconds: Math.round(performance.now() - startedAt),
  });
  void dhcp.lookForForeignServers();
  return {
    reload,
    close: async () => {
      closing = true;
      await reloading;
      await running.disposeAsync();
      log({ event: "server.stopped" });
    },
  };
}

function serverAddresses({ networks }: Settings): readonly Ipv4Address[] {
  return networks.map(({ serverAddress }) => serverAddress);
}

function leaseView({ address, mac, state, expiresAt, hostName }: Binding, inventory: Inventory): LeaseView {
  const machine = inventory.machineByMac.get(mac)?.name;
  return {
    address,
    mac,
    state,
    expiresAt: new Date(expiresAt).toISOString(),
    ...(hostName === undefined ? {} : { hostName }),
    ...(machine === undefined ? {} : { machine }),
  };
}

function fileLibrary({ assetsPath, tftp }: Settings, parts: MachineFilesParts): FileLibrary | undefined {
  if (tftp === undefined) return undefined;
  return new FileLibrary({
    root: new BootFiles(tftp.root, { ignoreCase: tftp.ignoreCase }),
    assets: assetsPath === undefined ? undefined : new BootFiles(assetsPath),
    virtual: new MachineFiles(parts),
  });
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
