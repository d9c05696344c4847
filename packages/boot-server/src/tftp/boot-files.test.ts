import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { BootFiles } from "./boot-files.ts";
import { FileLibrary } from "./file-library.ts";
import type { VirtualFiles } from "./virtual-files.ts";

let base: string;
let files: FileLibrary;

const CLIENT = { address: "10.77.0.11", serverAddress: "10.77.0.1" };
const VIRTUAL: VirtualFiles = {
  find: async (name, { address }) => {
    if (name === "broken.cfg") return { reason: "not-made", message: "no profile" };
    return name === "made.cfg" || name === "a.kpxe/made.cfg"
      ? { name, content: Buffer.from(`for ${address}`) }
      : undefined;
  },
};
beforeAll(() => {
  base = mkdtempSync(join(tmpdir(), "railhead-tftp-"));
  mkdirSync(join(base, "root/sub"), { recursive: true });
  writeFileSync(join(base, "root/a.kpxe"), "boot");
  writeFileSync(join(base, "root/sub/b.efi"), "loader");
  writeFileSync(join(base, "secret"), "secret");
  mkdirSync(join(base, "root-beside"));
  writeFileSync(join(base, "root-beside/c"), "beside");
  symlinkSync("../secret", join(base, "root/out"));
  symlinkSync("..", join(base, "root/up"));
  symlinkSync("sub/b.efi", join(base, "root/in"));
  symlinkSync("loop", join(base, "root/loop"));
  for (const [path, content] of Object.entries({
    "Boot/x64/BCD": "store",
    "Boot/x64/bcd.log": "log",
    "rpi/start4.elf": "for all Pis",
    "rpi/config.txt": "config",
    "12345678/config.txt": "config of one",
    "bootcode.bin": "in the root",
    ".netrc": "hidden",
  })) {
    mkdirSync(join(base, "root", path, ".."), { recursive: true });
    writeFileSync(join(base, "root", path), content);
  }
  mkdirSync(join(base, "assets"));
  writeFileSync(join(base, "assets/vmlinuz"), "kernel");
  symlinkSync("../secret", join(base, "assets/out"));
  files = library();
});
afterAll(() => rmSync(base, { recursive: true }));

function library(ignoreCase = false): FileLibrary {
  return new FileLibrary({
    root: new BootFiles(join(base, "root"), { ignoreCase }),
    assets: new BootFiles(join(base, "assets")),
    virtual: VIRTUAL,
  });
}

/** The content that a name leads to, or why there is none. */
async function lookUp(name: string, from: FileLibrary = files): Promise<string> {
  const found = await from.find(name, CLIENT);
  if ("reason" in found) return found.reason;
  return found.kind === "disk" ? readFileSync(found.file.path, "utf8") : Buffer.from(found.content).toString();
}

test.each([
  ["a.kpxe", "boot"],
  ["/a.kpxe", "boot"],
  ["sub//b.efi", "loader"],
  ["\\sub\\b.efi", "loader"],
  ["./sub/./b.efi", "loader"],
  ["a.kpxe\xff", "boot"],
  ["in", "loader"],
  ["assets/vmlinuz", "kernel"],
  ["made.cfg", "for 10.77.0.11"],
])("%j is served", async (name, content) => {
  expect(await lookUp(name)).toBe(content);
});

test.each([
  ["../secret", "outside-root"],
  ["sub/../../secret", "outside-root"],
  ["/../root-beside/c", "outside-root"],
  ["..\\secret", "outside-root"],
  ["out", "outside-root"],
  ["up/secret", "outside-root"],
  ["a.kpxe\0.txt", "outside-root"],
  ["", "outside-root"],
  ["sub", "not-found"],
  ["loop", "not-found"],
  ["a.kpxe/x", "not-found"],
  ["none", "not-found"],
  [".netrc", "not-found"],
  ["sub/.hidden/x", "not-found"],
  ["assets/out", "not-found"],
  ["BOOT/X64/bcd", "not-found"],
  ["x".repeat(300), "not-found"],
])("%j is refused: %s", async (name, reason) => {
  expect(await lookUp(name)).toBe(reason);
});

test("a file that cannot be made says so, and is not looked for on the disk", async () => {
  expect(await files.find("broken.cfg", CLIENT)).toEqual({ reason: "not-made", message: "no profile" });
});

test.each([
  ["12345678/config.txt", "config of one"],
  ["12345678/start4.elf", "for all Pis"],
  ["dc-a6-32-01-02-03/start4.elf", "for all Pis"],
  ["12345678/bootcode.bin", "in the root"],
  ["12345678/missing.elf", "not-found"],
  ["1234567/start4.elf", "not-found"],
  ["12345678", "not-found"],
])("a Raspberry Pi that asks for %s gets %s", async (name, content) => {
  expect(await lookUp(name)).toBe(content);
});

test.each([
  ["\\boot\\X64\\bcd", "store"],
  ["Boot/x64/BCD", "store"],
  ["BOOT/X64/BCD.LOG", "log"],
  ["boot/x64/none", "not-found"],
  ["boot/none/bcd", "not-found"],
  ["A.KPXE/x", "not-found"],
  ["UP/secret", "outside-root"],
])("where case does not matter, %j is %s", async (name, content) => {
  expect(await lookUp(name, library(true))).toBe(content);
});
