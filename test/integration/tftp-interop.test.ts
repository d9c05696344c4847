import { symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { createLab, LAB_SERVER_ADDRESS, type Lab, labNeeds } from "@railhead/testkit";
import { decodeTftp, encodeTftp, type TftpPacket } from "@railhead/wire";
import { beforeAll, describe, expect, test } from "vitest";
import { randomBytes, seededRandom } from "./random.ts";
import { fetchFile, OPTION_CLIENTS, PLAIN_CLIENTS, type TftpClient } from "./tftp-clients.ts";

const needs = labNeeds("atftp", "busybox", "curl", "nft", "tftp");
const MIB = 1024 * 1024;
const random = seededRandom(7);

/** Ends of blocks and windows, an empty file, one that takes 72 blocks of 512 bytes more than 16 bits can count. */
const FILES: Readonly<Record<string, Buffer>> = Object.fromEntries(
  [0, 1, 511, 512, 513, 1024, 128 * 1024, MIB, 36 * MIB].map((size) => [`size-${size}.bin`, randomBytes(random, size)]),
);
const SMALL = Object.keys(FILES).filter((name) => name !== largeName(36));
/**
 * atftp answers a block that comes a second time only once. When that answer is lost too, it says nothing until its own
 * timeout, which each further copy puts off: eleven seconds in all. So without a window it gets less to fetch.
 */
const LOSSY = [...PLAIN_CLIENTS, ...OPTION_CLIENTS.filter(({ name }) => !name.includes("least"))].map((client) => ({
  client,
  kib: client.name.startsWith("atftp") && !client.name.includes("windowsize") ? 128 : 1024,
}));
const TEXT = "first\nsecond\r\nthird\rend";

let lab: Lab;

async function openLab(): Promise<() => Promise<void>> {
  lab = await createLab({
    clientAddress: "10.77.0.250/24",
    files: {
      ...Object.fromEntries(Object.entries(FILES).map(([name, content]) => [`tftp/${name}`, content])),
      "tftp/text.txt": TEXT,
      "tftp/folder/inner.bin": "inside",
      "secret.txt": "secret",
    },
  });
  symlinkSync(join(lab.directory, "secret.txt"), join(lab.directory, "tftp/out.txt"));
  symlinkSync("folder/inner.bin", join(lab.directory, "tftp/in.bin"));
  return async () => lab[Symbol.asyncDispose]();
}

function largeName(mib: number): string {
  return `size-${mib * MIB}.bin`;
}

/** "identical", or what is wrong in a few words: the difference of two large files would take minutes to describe. */
async function comparison(client: TftpClient, name: string): Promise<string> {
  const { result, content } = await fetchFile(lab, client, name);
  const file = FILES[name];
  if (result.code === 0 && content !== undefined && file?.equals(content) === true) return "identical";
  const said = `${result.stderr}${result.stdout.toString()}`.slice(-500);
  return `${name}: exit code ${result.code}, ${content?.length} bytes of ${file?.length}: ${said}`;
}

describe.skipIf(needs.skip)(`TFTP clients${needs.note}`, () => {
  beforeAll(openLab);

  describe.each([...PLAIN_CLIENTS, ...OPTION_CLIENTS])("$name", (client) => {
    test("gets files of every size around a block's end as they are", async () => {
      for (const name of SMALL) expect(await comparison(client, name)).toBe("identical");
    });
  });

  describe.each(PLAIN_CLIENTS)("$name", (client) => {
    test("gets 36 MiB in blocks of 512 bytes: the block number rolls over", async () => {
      expect(await comparison(client, largeName(36))).toBe("identical");
    });

    test("is told that a file is not there", async () => {
      const { result } = await fetchFile(lab, client, "missing.bin");
      expect(`${result.code} ${result.stderr}${result.stdout.toString()}`).toMatch(/not found|\b68\b/i);
      await lab.server.waitForEvent((event) => event.event === "tftp.missing" && event["file"] === "missing.bin");
    });
  });

  test("tftp-hpa gets a text in netascii and has it back as it was", async () => {
    const client: TftpClient = {
      name: "tftp-hpa",
      command: (remote, local) => ["tftp", "-m", "netascii", LAB_SERVER_ADDRESS, "-c", "get", remote, local],
    };
    expect((await fetchFile(lab, client, "text.txt")).content?.toString()).toBe(TEXT);
  });

  test("a file that is replaced is sent as it is now, not as it was cached", async () => {
    const curl = PLAIN_CLIENTS.find(({ name }) => name === "curl");
    if (curl === undefined) throw new Error("no curl");
    const contents: (string | undefined)[] = [];
    for (const content of ["one", "two", "six"]) {
      lab.replaceFile("tftp/changing.bin", content);
      contents.push((await fetchFile(lab, curl, "changing.bin")).content?.toString());
    }
    expect(contents).toEqual(["one", "two", "six"]);
  });

  test.each([
    [
      "tftp-hpa",
      (local: string) => ["tftp", "-m", "octet", LAB_SERVER_ADDRESS, "-c", "put", local, "new.bin"] as const,
    ],
    ["atftp", (local: string) => ["atftp", "--put", "-l", local, "-r", "new.bin", LAB_SERVER_ADDRESS] as const],
    [
      "busybox tftp",
      (local: string) => ["busybox", "tftp", "-p", "-l", local, "-r", "new.bin", LAB_SERVER_ADDRESS] as const,
    ],
    [
      "curl",
      (local: string) => ["curl", "-sS", "--upload-file", local, `tftp://${LAB_SERVER_ADDRESS}/new.bin`] as const,
    ],
  ])("%s may not write", async (_name, command) => {
    const local = join(lab.directory, "upload");
    writeFileSync(local, "content");
    const { code, stdout, stderr } = await lab.run(command(local));
    expect(`${code} ${stderr}${stdout.toString()}`).toMatch(/read-only|access violation|permission|\b69\b/i);
    expect((await askFor("new.bin"))[0]).toBe("error 1: file not found");
  });

  test.each([
    ["../secret.txt", "error 2: not a file of this server"],
    ["folder/../../secret.txt", "error 2: not a file of this server"],
    ["..\\secret.txt", "error 2: not a file of this server"],
    ["out.txt", "error 2: not a file of this server"],
    ["", "error 2: not a file of this server"],
    ["folder", "error 1: file not found"],
    ["folder/", "error 1: file not found"],
    ["size-1.bin/x", "error 1: file not found"],
    ["a".repeat(300), "error 1: file not found"],
    // What these name is below the root, so it is served.
    ["/folder/inner.bin", "inside"],
    ["\\folder\\inner.bin", "inside"],
    ["folder//inner.bin", "inside"],
    ["in.bin", "inside"],
    ["folder/inner.bin\xff", "inside"], // rule R5
  ])("the name %j is answered with %j", async (name, answer) => {
    expect((await askFor(name))[0]).toBe(answer);
  });

  test("an absolute path of this machine means one below the root", async () => {
    expect((await askFor(join(lab.directory, "secret.txt")))[0]).toBe("error 1: file not found");
  });

  test.each(["size-1.bin\0octet\0garbage", "size-1.bin\0/../../secret.txt\0octet\0", "\0\0", "size-1.bin"])(
    "the request %j, which is none, is not answered",
    async (request) => {
      const port = await lab.udp.open();
      const answered = port.next(() => true, 500);
      port.send(Buffer.from(`\0\x01${request}`, "latin1"), 69, LAB_SERVER_ADDRESS);
      expect(await answered).toBeUndefined();
    },
  );

  test("a client that asks for the size only, as EDK2 does, is told it and may break off (R14)", async () => {
    const port = await lab.udp.open();
    const answered = port.next(() => true);
    const options = [
      { name: "tsize", value: "0" },
      { name: "blksize", value: "1468" },
      { name: "windowsize", value: "4" },
    ];
    port.send(encodeTftp({ kind: "rrq", fileName: largeName(1), mode: "octet", options }), 69, LAB_SERVER_ADDRESS);
    const oack = await answered;
    expect(oack && decodeTftp(oack.bytes)).toEqual({
      kind: "oack",
      options: [{ name: "tsize", value: `${MIB}` }, ...options.slice(1)],
    });
    port.send(
      encodeTftp({ kind: "error", code: 8, message: "User aborted the transfer" }),
      oack?.port ?? 0,
      LAB_SERVER_ADDRESS,
    );
    await lab.server.waitForEvent((event) => event.event === "tftp.probed" && event["file"] === largeName(1));
  });
});

describe.skipIf(needs.skip)(`TFTP clients that lose 5 % of all packets in each direction${needs.note}`, () => {
  beforeAll(async () => {
    const close = await openLab();
    await lab.network.lose(5);
    return close;
  });

  // At once: they spend their time waiting.
  describe.concurrent("each", () => {
    test.each(LOSSY)("$client.name gets $kib KiB as they are", async ({ client, kib }) => {
      expect(await comparison(client, `size-${kib * 1024}.bin`)).toBe("identical");
    });
  });
});

/** What one request brings: the file's content where it fits one block, or the error; and all packets. */
async function askFor(fileName: string): Promise<readonly [string, TftpPacket | undefined]> {
  const port = await lab.udp.open();
  const answered = port.next(() => true);
  port.send(encodeRequest(fileName), 69, LAB_SERVER_ADDRESS);
  const datagram = await answered;
  const packet = datagram && decodeTftp(datagram.bytes);
  switch (packet?.kind) {
    case "error":
      return [`error ${packet.code}: ${packet.message}`, packet];
    case "data":
      port.send(encodeTftp({ kind: "ack", block: packet.block }), datagram?.port ?? 0, LAB_SERVER_ADDRESS);
      return [Buffer.from(packet.data).toString(), packet];
    default:
      return [packet?.kind ?? "no answer", packet];
  }
}

/** By hand, because a name with a NUL is nothing that our codec would write. */
function encodeRequest(fileName: string): Uint8Array {
  return Buffer.from(`\0\x01${fileName}\0octet\0`, "latin1");
}
