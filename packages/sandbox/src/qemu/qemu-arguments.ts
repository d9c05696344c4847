/** How a machine starts: QEMU's BIOS with its iPXE ROM, or UEFI (OVMF) with OVMF's own PXE client. */
export type Firmware = "bios" | "uefi";

export type Accelerator = "tcg" | "kvm";

/** Where Debian's package `ovmf` puts the firmware. */
export const OVMF_CODE = "/usr/share/OVMF/OVMF_CODE_4M.fd";
export const OVMF_VARIABLES = "/usr/share/OVMF/OVMF_VARS_4M.fd";

/** Everything that makes a machine what it is; the same from one power-on to the next. */
export interface MachineSpec {
  /** Also its SMBIOS serial number's last part; no commas needed, but allowed. */
  readonly name: string;
  readonly mac: string;
  readonly uuid: string;
  readonly serial: string;
  readonly memoryMiB: number;
  readonly firmware: Firmware;
  readonly accelerator: Accelerator;
  readonly tap: string;
  readonly consoleLog: string;
  /** A Unix socket that is the machine's serial line; at most 107 bytes long. */
  readonly consoleSocket: string;
  /** A Unix socket; at most 107 bytes long. */
  readonly qmpSocket: string;
  /** This machine's own UEFI variables, a copy of `OVMF_VARIABLES`; used by UEFI only. */
  readonly firmwareVariables: string;
  /** A qcow2 file. Absent: the machine has no disk. */
  readonly disk?: string;
}

/** The arguments of qemu-system-x86_64 for a machine. Pure. */
export function qemuArguments(spec: MachineSpec): readonly string[] {
  return [
    ["-name", `guest=${escapeComma(spec.name)}`],
    // Without graphics SeaBIOS and iPXE talk on the serial line.
    ["-machine", "q35,graphics=off"],
    ...acceleratorArguments(spec.accelerator),
    // One processor: under TCG a second one makes the boot slower.
    ["-smp", "1"],
    ["-m", String(spec.memoryMiB)],
    ["-uuid", spec.uuid],
    ["-smbios", `type=1,manufacturer=Railhead,product=Sandbox,serial=${escapeComma(spec.serial)},uuid=${spec.uuid}`],
    ["-nodefaults"],
    ["-no-user-config"],
    ["-display", "none"],
    ["-vga", "none"],
    ...firmwareArguments(spec),
    [
      "-chardev",
      `socket,id=console,path=${escapeComma(spec.consoleSocket)},server=on,wait=off,logfile=${escapeComma(spec.consoleLog)},logappend=on`,
    ],
    ["-serial", "chardev:console"],
    ["-qmp", `unix:${escapeComma(spec.qmpSocket)},server=on,wait=off`],
    ["-netdev", `tap,id=net0,ifname=${spec.tap},script=no,downscript=no`],
    ["-device", networkCard(spec)],
    ...diskArguments(spec.disk),
  ].flat();
}

function acceleratorArguments(accelerator: Accelerator): readonly (readonly string[])[] {
  switch (accelerator) {
    case "kvm":
      return [
        ["-accel", "kvm"],
        ["-cpu", "host"],
      ];
    case "tcg":
      return [
        // The default translation cache is 1 GiB for each machine and it is filled during a boot.
        ["-accel", "tcg,tb-size=256"],
        // A plain processor boots 10 to 15 % faster than one with every feature: less is emulated and autoloaded.
        ["-cpu", "qemu64"],
      ];
  }
}

function firmwareArguments(spec: MachineSpec): readonly (readonly string[])[] {
  switch (spec.firmware) {
    case "bios":
      return [];
    case "uefi":
      return [
        ["-drive", `if=pflash,unit=0,format=raw,readonly=on,file=${OVMF_CODE}`],
        ["-drive", `if=pflash,unit=1,format=raw,file=${escapeComma(spec.firmwareVariables)}`],
      ];
  }
}

function networkCard({ firmware, mac }: MachineSpec): string {
  const card = `virtio-net-pci,netdev=net0,mac=${mac},bootindex=1`;
  // QEMU's ROM for UEFI is iPXE too; without a ROM it is OVMF's own PXE client that boots.
  return firmware === "uefi" ? `${card},romfile=` : card;
}

function diskArguments(disk: string | undefined): readonly (readonly string[])[] {
  return disk === undefined
    ? []
    : [
        ["-drive", `if=none,id=disk0,format=qcow2,cache=unsafe,discard=unmap,file=${escapeComma(disk)}`],
        ["-device", "virtio-blk-pci,drive=disk0,bootindex=2"],
      ];
}

/** QEMU ends a value at a comma unless it is doubled. */
function escapeComma(value: string): string {
  return value.replaceAll(",", ",,");
}
