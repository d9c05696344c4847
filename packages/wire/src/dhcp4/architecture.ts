/** What runs the boot file. The firmwares for which nothing exists to boot keep their name, so that a person can see it. */
export type FirmwareKind =
  | "bios"
  | "uefi-ia32"
  | "uefi-x64"
  | "uefi-arm32"
  | "uefi-arm64"
  | "uefi-riscv32"
  | "uefi-riscv64"
  | "uefi-riscv128"
  | "uefi-loong32"
  | "uefi-loong64"
  | "uefi-mips32"
  | "uefi-mips64"
  | "uefi-sunway32"
  | "uefi-sunway64"
  | "uefi-itanium"
  | "uefi-xscale"
  | "uboot-arm32"
  | "uboot-arm64"
  | "ppc-open-firmware"
  | "ppc-epapr"
  | "power-opal"
  | "s390-basic"
  | "s390-extended"
  | "rpiboot"
  | "nec-pc98"
  | "dec-alpha"
  | "arc-x86"
  | "intel-lean-client";

export interface Architecture {
  /** The value of option 93. */
  readonly id: number;
  readonly name: string;
  readonly firmware: FirmwareKind;
  /** The client boots from a URL (`HTTPClient`), not over TFTP. */
  readonly http: boolean;
}

const TFTP_AND_HTTP: readonly (readonly [name: string, firmware: FirmwareKind, http?: "http"])[] = [
  ["x86 BIOS", "bios"],
  ["NEC PC98", "nec-pc98"],
  ["Itanium", "uefi-itanium"],
  ["DEC Alpha", "dec-alpha"],
  ["Arc x86", "arc-x86"],
  ["Intel Lean Client", "intel-lean-client"],
  ["x86 UEFI", "uefi-ia32"],
  ["x64 UEFI", "uefi-x64"],
  ["EFI Xscale", "uefi-xscale"],
  // RFC 4578 had 7 and 9 the wrong way round (erratum 4624), and x64 firmware that believed it is still in use.
  ["EBC", "uefi-x64"],
  ["ARM 32-bit UEFI", "uefi-arm32"],
  ["ARM 64-bit UEFI", "uefi-arm64"],
  ["PowerPC Open Firmware", "ppc-open-firmware"],
  ["PowerPC ePAPR", "ppc-epapr"],
  ["POWER OPAL v3", "power-opal"],
  ["x86 UEFI HTTP", "uefi-ia32", "http"],
  ["x64 UEFI HTTP", "uefi-x64", "http"],
  ["EBC HTTP", "uefi-x64", "http"],
  ["ARM 32-bit UEFI HTTP", "uefi-arm32", "http"],
  ["ARM 64-bit UEFI HTTP", "uefi-arm64", "http"],
  ["x86 BIOS HTTP", "bios", "http"],
  ["ARM 32-bit U-Boot", "uboot-arm32"],
  ["ARM 64-bit U-Boot", "uboot-arm64"],
  ["ARM 32-bit U-Boot HTTP", "uboot-arm32", "http"],
  ["ARM 64-bit U-Boot HTTP", "uboot-arm64", "http"],
  ["RISC-V 32-bit UEFI", "uefi-riscv32"],
  ["RISC-V 32-bit UEFI HTTP", "uefi-riscv32", "http"],
  ["RISC-V 64-bit UEFI", "uefi-riscv64"],
  ["RISC-V 64-bit UEFI HTTP", "uefi-riscv64", "http"],
  ["RISC-V 128-bit UEFI", "uefi-riscv128"],
  ["RISC-V 128-bit UEFI HTTP", "uefi-riscv128", "http"],
  ["s390 Basic", "s390-basic"],
  ["s390 Extended", "s390-extended"],
  ["MIPS 32-bit UEFI", "uefi-mips32"],
  ["MIPS 64-bit UEFI", "uefi-mips64"],
  ["Sunway 32-bit UEFI", "uefi-sunway32"],
  ["Sunway 64-bit UEFI", "uefi-sunway64"],
  ["LoongArch 32-bit UEFI", "uefi-loong32"],
  ["LoongArch 32-bit UEFI HTTP", "uefi-loong32", "http"],
  ["LoongArch 64-bit UEFI", "uefi-loong64"],
  ["LoongArch 64-bit UEFI HTTP", "uefi-loong64", "http"],
  ["ARM rpiboot", "rpiboot"],
];

/**
 * IANA "Processor Architecture Types", all 42, each at the index that is its id
 * (RFC 4578 section 2.1 with erratum 4624, RFC 5970 section 3.3).
 */
export const ARCHITECTURE: readonly Architecture[] = TFTP_AND_HTTP.map(([name, firmware, http], id) => ({
  id,
  name,
  firmware,
  http: http !== undefined,
}));

/** The architecture with this id, or undefined when IANA has not assigned it. */
export function architectureOf(id: number): Architecture | undefined {
  return ARCHITECTURE[id];
}
