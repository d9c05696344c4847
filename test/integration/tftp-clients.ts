import { readFileSync } from "node:fs";
import { join } from "node:path";
import { type Argv, type CommandResult, LAB_SERVER_ADDRESS, type Lab } from "@railhead/testkit";

/** One way to fetch a file by TFTP. */
export interface TftpClient {
  readonly name: string;
  /** The command that fetches `remote` into `local`, a path. */
  readonly command: (remote: string, local: string) => Argv;
}

/** One block at a time, 512 bytes each: plain RFC 1350, whatever options the client may add. */
export const PLAIN_CLIENTS: readonly TftpClient[] = [
  {
    name: "tftp-hpa",
    command: (remote, local) => ["tftp", "-m", "octet", LAB_SERVER_ADDRESS, "-c", "get", remote, local],
  },
  { name: "atftp", command: (remote, local) => ["atftp", "--get", "-r", remote, "-l", local, LAB_SERVER_ADDRESS] },
  { name: "busybox tftp", command: busybox("512") },
  { name: "curl", command: curl() },
  { name: "curl --tftp-no-options", command: curl("--tftp-no-options") },
];

/** Larger blocks, a window, the size beforehand, a timeout of the client's choice. */
export const OPTION_CLIENTS: readonly TftpClient[] = [
  { name: "busybox tftp -b 1468", command: busybox("1468") },
  { name: "curl --tftp-blksize 1428", command: curl("--tftp-blksize", "1428") },
  { name: "atftp with blksize, tsize and timeout", command: atftp("tsize 0", "blksize 1432", "timeout 1") },
  { name: "atftp with blksize and windowsize 8", command: atftp("blksize 1024", "windowsize 8") },
  { name: "atftp with windowsize 64", command: atftp("windowsize 64") },
  { name: "atftp with the least blksize", command: atftp("blksize 8", "windowsize 32") },
];

/** What came of a fetch: the client's own words, and the file it made, if it made one. */
export interface Fetched {
  readonly result: CommandResult;
  readonly content: Buffer | undefined;
}

let fetches = 0;

export async function fetchFile(lab: Lab, client: TftpClient, remote: string): Promise<Fetched> {
  fetches += 1;
  const local = join(lab.directory, `fetched-${fetches}`);
  const result = await lab.run(client.command(remote, local), { timeoutMs: 58_000 });
  return { result, content: contentOf(local) };
}

function contentOf(path: string): Buffer | undefined {
  try {
    return readFileSync(path);
  } catch {
    return undefined;
  }
}

function busybox(blockSize: string): TftpClient["command"] {
  return (remote, local) => ["busybox", "tftp", "-g", "-b", blockSize, "-r", remote, "-l", local, LAB_SERVER_ADDRESS];
}

function atftp(...options: readonly string[]): TftpClient["command"] {
  return (remote, local) => [
    "atftp",
    ...options.flatMap((option) => ["--option", option]),
    ...["--get", "-r", remote, "-l", local, LAB_SERVER_ADDRESS],
  ];
}

function curl(...options: readonly string[]): TftpClient["command"] {
  return (remote, local) => [
    ...(["curl", "--silent", "--show-error", "--path-as-is", ...options, "--output", local] as const),
    `tftp://${LAB_SERVER_ADDRESS}/${encodeURI(remote)}`,
  ];
}
