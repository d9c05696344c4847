import {
  CLIENT_INTERFACE,
  createLab,
  LAB_SERVER_ADDRESS,
  LAB_URL,
  type Lab,
  labNeeds,
  runOrThrow,
} from "@railhead/testkit";
import { decodeTftp, encodeTftp, type TftpPacket } from "@railhead/wire";
import { beforeAll, describe, expect, test } from "vitest";
import { setMac } from "./operating-system-clients.ts";
import { fetchFile, PLAIN_CLIENTS } from "./tftp-clients.ts";
import { openTransfer } from "./tftp-transfer.ts";

const needs = labNeeds("atftp", "busybox", "curl", "tftp");
const MAC = "52:54:00:77:00:01";
const ADDRESS = "10.77.0.11";
const GRUB = `for server in (http,${LAB_SERVER_ADDRESS}:8080) (tftp,${LAB_SERVER_ADDRESS}); do
  if linux $server/assets/vmlinuz console=ttyS0 name=core-01 mac=52-54-00-77-00-01; then
    if initrd $server/assets/live.img; then boot; fi
  fi
done
`;
const SYSLINUX = `DEFAULT railhead
PROMPT 0
LABEL railhead
  KERNEL /assets/vmlinuz
  INITRD /assets/live.img
  APPEND console=ttyS0 name=core-01 mac=52-54-00-77-00-01
`;

let lab: Lab;

describe.skipIf(needs.skip)(`files that are made for a machine${needs.note}`, () => {
  beforeAll(async () => {
    lab = await createLab({
      files: {
        "data/machines/core-01.json": { name: "core-01", macs: [MAC], address: ADDRESS },
        "data/machines/disk-01.json": { name: "disk-01", macs: ["52:54:00:77:00:02"], boot: "local" },
        "data/machines/odd-01.json": { name: "odd-01", macs: ["52:54:00:77:00:03"], labels: { kind: "odd" } },
        "data/groups/nodes.json": { profile: "node", selector: { name: "core-01" } },
        "data/groups/odd.json": { profile: "odd", selector: { kind: "odd" } },
        "data/profiles/node.json": {
          boot: {
            kernel: "/assets/vmlinuz",
            initrd: ["--name main /assets/live.img"],
            args: ["initrd=main", "console=ttyS0", "name=${hostname}", "mac=${mac:hexhyp}"],
          },
        },
        "data/profiles/odd.json": { boot: { kernel: "/assets/vmlinuz", initrd: [], args: ["cpu=${buildarch}"] } },
        "assets/vmlinuz": "kernel",
        "assets/.netrc": "secret",
        "tftp/snponly.efi": "0123456789",
        "tftp/rpi/start4.elf": "firmware of all Pis",
        "tftp/Boot/BCD": "store",
      },
      settings: (settings) => ({ ...settings, tftp: { ...settings.tftp, ignoreCase: true } }),
    });
    // The server knows the machine behind an address because it has leased it.
    await setMac(lab, MAC);
    await runOrThrow(
      lab.network.inClient(["busybox", "udhcpc", "-i", CLIENT_INTERFACE, "-f", "-n", "-q", "-s", "/bin/true"]),
    );
    await lab.giveClientAddress(`${ADDRESS}/24`);
    return async () => lab[Symbol.asyncDispose]();
  });

  describe.each(PLAIN_CLIENTS)("over TFTP, by $name", (client) => {
    test.each([
      ["grub/grub.cfg", GRUB],
      ["EFI/debian/grub.cfg-01-52-54-00-77-00-01", GRUB],
      ["pxelinux.cfg/01-52-54-00-77-00-01", SYSLINUX],
      ["autoexec.ipxe", `chain ${LAB_URL}/ipxe?uuid=`], // rule R17
      ["assets/vmlinuz", "kernel"], // U-Boot loads it by TFTP
      ["12345678/start4.elf", "firmware of all Pis"],
      ["boot/bcd", "store"],
    ])("%s is served", async (name, content) => {
      expect((await fetchFile(lab, client, name)).content?.toString()).toContain(content);
    });
  });

  test.each([
    ["/boot/grub/grub.cfg", GRUB],
    ["/boot/grub.cfg-01-52-54-00-77-00-01", GRUB],
    ["/boot/grub.cfg-01-52-54-00-77-00-02", "exit 1"],
    ["/boot/pxelinux.cfg/01-52-54-00-77-00-01", SYSLINUX],
    ["/boot/pxelinux.cfg/01-52-54-00-77-00-02", "LOCALBOOT 0"],
    ["/boot/autoexec.ipxe", `chain ${LAB_URL}/ipxe?uuid=`],
    ["/boot/sb//autoexec.ipxe", `chain ${LAB_URL}/ipxe?uuid=`],
    ["/boot/12345678/start4.elf", "firmware of all Pis"],
  ])("over HTTP %s is served, and HEAD tells its length", async (path, content) => {
    const whole = await lab.http(path);
    expect([whole.status, whole.text]).toEqual([200, expect.stringContaining(content)]);
    const head = await lab.http(path, { method: "HEAD" });
    expect([head.status, head.headers["content-length"], head.body.length]).toEqual([200, `${whole.body.length}`, 0]);
  });

  test("the script that iPXE finds beside itself leads to what /boot.ipxe leads to", async () => {
    const query = (text: string) => /ipxe\?(.*)$/m.exec(text)?.[1];
    const scripts = await Promise.all(["/boot/autoexec.ipxe", "/boot.ipxe"].map((path) => lab.http(path)));
    expect(query(scripts[0]?.text ?? "")).toBe(query(scripts[1]?.text ?? "nothing"));
  });

  test("a loader comes in parts over HTTP too, as a program for UEFI", async () => {
    const { status, headers, text } = await lab.http("/boot/snponly.efi", { headers: { range: "bytes=2-4" } });
    expect([status, headers["content-range"], headers["content-type"], text]).toEqual([
      206,
      "bytes 2-4/10",
      "application/efi",
      "234",
    ]);
  });

  test.each([
    "grub.cfg-01-52-54-00-77-00-99",
    "grub/grub.cfg-0A4D000B",
    "grub/x86_64-efi/command.lst",
    "pxelinux.cfg/01-52-54-00-77-00-99",
    "pxelinux.cfg/0A4D000B",
    "pxelinux.cfg/0",
    "pxelinux.cfg/default-arm",
    "pxelinux.cfg/default",
    "assets/.netrc",
    "87654321/fixup4.dat",
  ])("%s is not there, and whoever looks for it is told so at once", async (name) => {
    const started = performance.now();
    expect(await firstAnswer(name)).toEqual({ kind: "error", code: 1, message: "file not found" });
    expect(performance.now() - started).toBeLessThan(1000);
    expect((await lab.http(`/boot/${name}`)).status).toBe(404);
  });

  test("a profile that needs what only iPXE knows is served to nobody else, and the log says why", async () => {
    const name = "grub.cfg-01-52-54-00-77-00-03";
    expect(await firstAnswer(name)).toMatchObject({ kind: "error", code: 0 });
    const { reason } = await lab.server.waitForEvent(
      (event) => event.event === "tftp.refused" && event["file"] === name,
    );
    expect(reason).toBe("profile odd: ${buildarch} is known to iPXE only");
    const { status, text } = await lab.http(`/boot/${name}`);
    expect([status, text]).toEqual([500, "not-made: profile odd: ${buildarch} is known to iPXE only\n"]);
  });
});

describe.skipIf(needs.skip)(`a TFTP server with limits${needs.note}`, () => {
  beforeAll(async () => {
    lab = await createLab({
      clientAddress: `${ADDRESS}/24`,
      files: { "tftp/large.bin": new Uint8Array(1_500_000), "tftp/small.bin": "small" },
      settings: (settings) => ({
        ...settings,
        tftp: {
          ...settings.tftp,
          maxTransfersPerClient: 2,
          maxTransferSeconds: 3,
          maxBlockSize: 1024,
          cacheMebibytes: 1,
        },
      }),
    });
    return async () => lab[Symbol.asyncDispose]();
  });

  test("a file that its memory cannot hold is refused", async () => {
    expect(await firstAnswer("large.bin")).toMatchObject({ kind: "error", code: 2 });
  });

  test("no larger block is granted than the configuration allows", async () => {
    expect(await firstAnswer("small.bin", "blksize", "1468")).toEqual({
      kind: "oack",
      options: [{ name: "blksize", value: "1024" }],
    });
  });

  test("who has its share of transfers is told that the server is busy, until one has taken too long", async () => {
    lab.replaceFile("tftp/blocks.bin", new Uint8Array(2000));
    const held = [await openTransfer(lab, "blocks.bin"), await openTransfer(lab, "blocks.bin")];
    const ended = held.map(({ port }) => port.next(({ bytes }) => bytes[1] === 5, 10_000));
    expect(await firstAnswer("small.bin")).toMatchObject({
      kind: "error",
      code: 0,
      message: "busy: too many transfers of this client",
    });
    for (const error of await Promise.all(ended)) {
      expect(error && decodeTftp(error.bytes)).toMatchObject({ code: 0, message: "the transfer takes too long" });
    }
    expect(await firstAnswer("small.bin")).toMatchObject({ kind: "data", block: 1 });
  });
});

/** The first packet that a request brings. */
async function firstAnswer(fileName: string, ...option: readonly string[]): Promise<TftpPacket | undefined> {
  const port = await lab.udp.open();
  const answered = port.next(() => true);
  const [name, value] = option;
  const options = name === undefined || value === undefined ? [] : [{ name, value }];
  port.send(encodeTftp({ kind: "rrq", fileName, mode: "octet", options }), 69, LAB_SERVER_ADDRESS);
  const datagram = await answered;
  const abort = encodeTftp({ kind: "error", code: 0, message: "only looking" });
  if (datagram !== undefined) port.send(abort, datagram.port, LAB_SERVER_ADDRESS);
  return datagram && decodeTftp(datagram.bytes);
}
