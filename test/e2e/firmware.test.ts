import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Lab } from "@railhead/testkit";
import { beforeAll, describe, expect, test } from "vitest";
import { arm64EfiProgram, bootSector } from "./boot-programs.ts";
import {
  bootsOf,
  createFirmwareLab,
  firmwareNeeds,
  httpRequest,
  LOADER_FILE,
  startForeignDhcp,
  tftpTransfer,
} from "./firmware-lab.ts";
import { powerOn } from "./firmware-machine.ts";

const needs = firmwareNeeds();
const MAC = {
  http: "52:54:00:77:06:01",
  rom: "52:54:00:77:06:02",
  biosDisk: "52:54:00:77:06:03",
  uefiDisk: "52:54:00:77:06:04",
  arm64: "52:54:00:77:06:05",
  proxyBios: "52:54:00:77:06:06",
  proxyUefi: "52:54:00:77:06:07",
  secure: "52:54:00:77:06:08",
} as const;

/** The kernel that a machine is told to load is its own, so that a request for it says whose it is. */
function groupOf(id: string, mac: string): Readonly<Record<string, object>> {
  return {
    [`data/groups/${id}.json`]: { id, profile: id, selector: { mac } },
    [`data/profiles/${id}.json`]: { id, boot: { kernel: `/assets/${id}`, initrd: [], args: [] } },
  };
}

describe.skipIf(needs.skip)(`firmware that boots from this server alone${needs.note}`, () => {
  let lab: Lab;

  beforeAll(async () => {
    lab = await createFirmwareLab({
      files: {
        "tftp/snponly.efi": readFileSync(LOADER_FILE.ipxe),
        "tftp/arm64.efi": arm64EfiProgram("RAILHEAD-ARM64-LOADER"),
        ...groupOf("http", MAC.http),
        ...groupOf("rom", MAC.rom),
        "data/machines/bios-disk.json": { name: "bios-disk", macs: [MAC.biosDisk], boot: "local" },
        "data/machines/uefi-disk.json": { name: "uefi-disk", macs: [MAC.uefiDisk], boot: "local" },
      },
      settings: (settings) => ({ ...settings, tftp: { ...settings.tftp, loaders: { "uefi-arm64": "arm64.efi" } } }),
    });
    return async () => lab[Symbol.asyncDispose]();
  });

  test.concurrent("AAVMF (64-bit ARM) loads and starts its own architecture's loader by TFTP", async () => {
    await using machine = await powerOn(lab, { kind: "arm64", mac: MAC.arm64 });
    expect(await tftpTransfer(lab, "arm64.efi")).toBe(1024);
    await machine.says("RAILHEAD-ARM64-LOADER");
    expect(bootsOf(lab, MAC.arm64)).toEqual(["chainload"]);
  });

  test.concurrent("OVMF boots by HTTP straight into iPXE, which follows its script", async () => {
    await using machine = await powerOn(lab, { kind: "uefi-http", mac: MAC.http });
    expect(await httpRequest(lab, "/boot/snponly.efi")).toBe(200);
    await httpRequest(lab, "/assets/http");
    expect(bootsOf(lab, MAC.http)).toEqual(["http", "script"]);
    expect(machine.console()).toContain("Start HTTP Boot over IPv4");
  });

  test.concurrent("QEMU's iPXE ROM for UEFI follows its script without a loader", async () => {
    await using machine = await powerOn(lab, { kind: "uefi-ipxe-rom", mac: MAC.rom });
    await httpRequest(lab, "/assets/rom");
    expect(machine.console()).toContain("Features: DNS HTTP");
    expect(bootsOf(lab, MAC.rom)).toEqual(["script"]);
  });

  test.concurrent("a UEFI machine that is to boot from its disk gets there by way of the network", async () => {
    const folder = join(lab.directory, "uefi-disk");
    mkdirSync(join(folder, "EFI/BOOT"), { recursive: true });
    mkdirSync(join(folder, "EFI/debian"));
    writeFileSync(join(folder, "EFI/BOOT/BOOTX64.EFI"), readFileSync(LOADER_FILE.grubOfDisk));
    writeFileSync(join(folder, "EFI/debian/grub.cfg"), "echo RAILHEAD-UEFI-DISK\nsleep 3600\n");
    // QEMU makes a FAT file system of the folder.
    const disk = `format=raw,readonly=on,file=fat:${folder}`;
    await using machine = await powerOn(lab, { kind: "uefi-pxe", mac: MAC.uefiDisk, disk });
    const script = await machine.says("railhead: booting from the local disk");
    // In between OVMF tries its last network boot option, HTTP, which ends the same way.
    const seconds = await machine.says("RAILHEAD-UEFI-DISK");
    expect(seconds - script).toBeLessThan(60);
  });

  test.concurrent("a BIOS machine that is to boot from its disk gets there by way of the network", async () => {
    const image = join(lab.directory, "bios-disk");
    writeFileSync(image, Buffer.concat([bootSector("RAILHEAD-BIOS-DISK"), Buffer.alloc(2 ** 20)]));
    await using machine = await powerOn(lab, { kind: "bios", mac: MAC.biosDisk, disk: `format=raw,file=${image}` });
    const script = await machine.says("railhead: booting from the local disk");
    const seconds = await machine.says("RAILHEAD-BIOS-DISK");
    // From the script's sanboot, not from SeaBIOS' next boot device.
    expect(machine.console()).not.toContain("Booting from Hard Disk");
    expect(seconds - script).toBeLessThan(20);
  });
});

describe.skipIf(needs.skip)(
  `firmware that has its address from dnsmasq and boots from this server${needs.note}`,
  () => {
    let lab: Lab;

    beforeAll(async () => {
      lab = await createFirmwareLab({
        files: {
          "tftp/snponly.efi": readFileSync(LOADER_FILE.ipxe),
          ...groupOf("bios", MAC.proxyBios),
          ...groupOf("uefi", MAC.proxyUefi),
        },
        settings: (settings) => ({
          ...settings,
          networks: settings.networks.map(({ pool: _pool, ...network }) => ({ ...network, mode: "proxy" })),
        }),
      });
      return async () => lab[Symbol.asyncDispose]();
    });

    beforeAll(() => startForeignDhcp(lab));

    test.concurrent("OVMF PXE loads iPXE by TFTP, which follows its script", async () => {
      await using machine = await powerOn(lab, { kind: "uefi-pxe", mac: MAC.proxyUefi });
      await tftpTransfer(lab, "snponly.efi");
      await httpRequest(lab, "/assets/uefi");
      expect(machine.console()).toMatch(/Station IP address is 10\.77\.0\.[5-9]\d\s/);
      expect(bootsOf(lab, MAC.proxyUefi)).toEqual(["chainload", "script"]);
    });

    test.concurrent("QEMU's iPXE ROM for BIOS follows its script", async () => {
      await using machine = await powerOn(lab, { kind: "bios", mac: MAC.proxyBios });
      await httpRequest(lab, "/assets/bios");
      expect(machine.console()).toMatch(/net0: 10\.77\.0\.[5-9]\d\//);
      expect(bootsOf(lab, MAC.proxyBios)).toEqual(["script"]);
    });
  },
);

describe.skipIf(needs.skip)(`Secure Boot${needs.note}`, () => {
  test("OVMF loads Debian's shim, that Debian's GRUB, and that Debian's kernel as the profile says, all by TFTP", async () => {
    await using lab = await createFirmwareLab({
      files: {
        "tftp/shimx64.efi": readFileSync(LOADER_FILE.shim),
        "tftp/grubx64.efi": readFileSync(LOADER_FILE.grubOfNetwork),
        "assets/vmlinuz": readFileSync(LOADER_FILE.kernel),
        "data/groups/all.json": { id: "all", profile: "node" },
        "data/profiles/node.json": {
          id: "node",
          boot: { kernel: "/assets/vmlinuz", initrd: [], args: ["console=ttyS0", "panic=0"] },
        },
      },
      settings: (settings) => ({ ...settings, tftp: { ...settings.tftp, loaders: { "uefi-x64": "shimx64.efi" } } }),
    });
    await using machine = await powerOn(lab, { kind: "uefi-secure", mac: MAC.secure });
    for (const file of ["shimx64.efi", "grubx64.efi", "grub/grub.cfg", "assets/vmlinuz"]) {
      expect(await tftpTransfer(lab, file), file).toBeGreaterThan(100);
    }
    await machine.says("EFI stub: UEFI Secure Boot is enabled.");
    // Either of two lines: the kernel outruns the serial line at times, and then characters are missing.
    await machine.says(/Linux version|Command line:/);
  });
});
