import { mkdirSync, mkdtempSync, readdirSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, dirname, join } from "node:path";
import { curl, type LabRequest, type LabResponse } from "./lab-http.ts";
import { isLeftBehind, labName } from "./lab-name.ts";
import { CLIENT_INTERFACE, createLabNetwork, type LabNetwork } from "./lab-network.ts";
import { type LabServer, serveCommand, startLabServer } from "./lab-server.ts";
import { type Argv, type CommandOptions, type CommandResult, runCommand, runOrThrow } from "./subprocess.ts";
import { startUdpPorts, type UdpPorts } from "./udp-ports.ts";

export const LAB_SERVER_ADDRESS = "10.77.0.1";
export const LAB_URL = `http://${LAB_SERVER_ADDRESS}:8080`;

/** What a file of a lab holds: text, bytes, or anything else as JSON. */
export type LabContent = string | Uint8Array | object;

export interface LabOptions {
  /** By path below the lab's directory: `data/machines/core-01.json`, `tftp/undionly.kpxe`, `assets/vmlinuz`. */
  readonly files?: Readonly<Record<string, LabContent>>;
  /** Changes the configuration before it is written. */
  readonly settings?: (settings: LabSettings) => object;
  /** The client's address from the beginning, with its prefix length; otherwise it has none. */
  readonly clientAddress?: string;
  /** Default true: the server is started, and ready. */
  readonly start?: boolean;
}

/** The configuration of a lab's server, as it is written. */
export type LabSettings = ReturnType<typeof labSettings>;

/** A boot server and a client on a network of their own, which nothing leaves. */
export interface Lab extends AsyncDisposable {
  /** Everything the server reads and writes; `railhead.yaml` is its configuration. */
  readonly directory: string;
  readonly network: LabNetwork;
  /** The server started last. */
  readonly server: LabServer;
  /** Starts the server (again), and waits until it is ready. */
  startServer(): Promise<LabServer>;
  /** Replaces a file as careful programs do: written elsewhere, then renamed. */
  replaceFile(path: string, content: LabContent): void;
  /** Runs a command on the client's side, whatever its exit code. */
  run(argv: Argv, options?: CommandOptions): Promise<CommandResult>;
  /** Gives the client's interface an address, as if it had always had it. */
  giveClientAddress(cidr: string): Promise<void>;
  /** Makes a request from the client's side; `path` may be a whole URL. */
  http(path: string, request?: LabRequest): Promise<LabResponse>;
  /** UDP sockets on the client's side. */
  readonly udp: UdpPorts;
  /** Makes something of a test's own end with the lab. */
  adopt<T extends AsyncDisposable>(resource: T): T;
}

/**
 * Makes a lab: `await using lab = await createLab()`. Its end removes every process, both namespaces and the directory,
 * also when setting it up failed half-way.
 */
export async function createLab(options: LabOptions = {}): Promise<Lab> {
  await using acquired = new AsyncDisposableStack();
  removeLeftBehind();
  const directory = mkdtempSync(join(tmpdir(), labName("")));
  acquired.defer(() => rmSync(directory, { recursive: true, force: true }));
  const network = acquired.use(await createLabNetwork(`${LAB_SERVER_ADDRESS}/24`));
  const write = (path: string, content: LabContent) => writeWhole(join(directory, path), content);
  for (const folder of ["data", "state", "tftp", "assets"]) mkdirSync(join(directory, folder));
  await runOrThrow(["git", "init", "--quiet", "--initial-branch=main", join(directory, "config-repo")]);
  for (const [path, content] of Object.entries(options.files ?? {})) write(path, content);
  write("railhead.yaml", (options.settings ?? ((settings) => settings))(labSettings()));

  const giveClientAddress = async (cidr: string) => {
    await runOrThrow(network.inClient(["ip", "addr", "replace", cidr, "dev", CLIENT_INTERFACE]));
  };
  if (options.clientAddress !== undefined) await giveClientAddress(options.clientAddress);

  // The process with the sockets is started when a test first asks for it.
  let ports: UdpPorts | undefined;
  acquired.defer(() => ports?.[Symbol.asyncDispose]());
  let server: LabServer | undefined;
  acquired.defer(() => server?.[Symbol.asyncDispose]());
  const startServer = async () => {
    await server?.[Symbol.asyncDispose]();
    const started = startLabServer(network.inServer(serveCommand(join(directory, "railhead.yaml"))));
    server = started;
    await started.waitForEvent(({ event }) => event === "server.ready");
    return started;
  };
  if (options.start !== false) await startServer();

  const resources = acquired.move();
  return {
    directory,
    network,
    get server() {
      if (server === undefined) throw new Error("no server has been started in this lab");
      return server;
    },
    startServer,
    replaceFile: write,
    run: (argv, commandOptions) => runCommand(network.inClient(argv), commandOptions),
    giveClientAddress,
    http: (path, request) => curl(network.inClient, path.startsWith("/") ? `${LAB_URL}${path}` : path, request),
    get udp() {
      ports ??= startUdpPorts(network.inClient);
      return ports;
    },
    adopt: (resource) => resources.use(resource),
    [Symbol.asyncDispose]: () => resources.disposeAsync(),
  };
}

/** The configuration that labs begin with. */
function labSettings() {
  return {
    stateDir: "state",
    dataPath: "data",
    assetsPath: "assets",
    http: { address: LAB_SERVER_ADDRESS, port: 8080 },
    tftp: { root: "tftp" },
    networks: [
      {
        name: "lab",
        subnet: "10.77.0.0/24",
        serverAddress: LAB_SERVER_ADDRESS,
        pool: { first: "10.77.0.100", last: "10.77.0.199" },
        router: LAB_SERVER_ADDRESS,
        dns: ["10.77.0.2", "10.77.0.3"],
        domain: "lab.test",
        leaseSeconds: 600,
      },
    ],
    cluster: { name: "lab" },
    configRepo: { path: "config-repo", ref: "main" },
    log: { level: "debug" },
  };
}

function removeLeftBehind(): void {
  for (const name of readdirSync(tmpdir()).filter(isLeftBehind)) {
    rmSync(join(tmpdir(), name), { recursive: true, force: true });
  }
}

function writeWhole(path: string, content: LabContent): void {
  const bytes =
    typeof content === "string" || content instanceof Uint8Array
      ? content
      : `${JSON.stringify(content, undefined, 2)}\n`;
  const folder = dirname(path);
  mkdirSync(folder, { recursive: true });
  const temporary = join(folder, `.${basename(path)}.tmp`);
  writeFileSync(temporary, bytes);
  renameSync(temporary, path);
}
