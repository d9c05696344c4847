import { copyFileSync, mkdirSync } from "node:fs";
import { join } from "node:path";
import { type Lab, runOrThrow, startChild } from "@railhead/testkit";

/**
 * What is in the machine's flash, and who boots from the network: `bios` is SeaBIOS with QEMU's iPXE ROM, `uefi-pxe` and
 * `uefi-http` are OVMF's own clients, `uefi-ipxe-rom` is QEMU's iPXE ROM for UEFI, `uefi-secure` is OVMF's PXE client with
 * Microsoft's keys and Secure Boot enforced, `arm64` is AAVMF's PXE client.
 */
export type FirmwareKind = "bios" | "uefi-pxe" | "uefi-http" | "uefi-ipxe-rom" | "uefi-secure" | "arm64";

export interface FirmwareMachineSpec {
  readonly kind: FirmwareKind;
  readonly mac: string;
  /** The value of QEMU's `-drive`, without `if` and `id`. Absent: the machine has no disk. */
  readonly disk?: string;
}

/** A machine that is on until it is disposed of. */
export interface FirmwareMachine extends AsyncDisposable {
  /** What its serial line has said so far. */
  console(): string;
  /**
   * Waits until the serial line has said that.
   * @returns seconds since power-on
   * @throws Error with the end of the console when it has not in time, or when QEMU ends
   */
  says(words: string | RegExp, timeoutSeconds?: number): Promise<number>;
}

/** Firmware is slow under TCG, and slower on a busy machine: four times what an idle one needs. */
export const FIRMWARE_TIMEOUT_SECONDS = 180;

const OVMF = "/usr/share/OVMF";
const FLASH: Readonly<Record<Exclude<FirmwareKind, "bios">, readonly [code: string, variables: string]>> = {
  "uefi-pxe": [`${OVMF}/OVMF_CODE_4M.fd`, `${OVMF}/OVMF_VARS_4M.fd`],
  "uefi-http": [`${OVMF}/OVMF_CODE_4M.fd`, `${OVMF}/OVMF_VARS_4M.fd`],
  "uefi-ipxe-rom": [`${OVMF}/OVMF_CODE_4M.fd`, `${OVMF}/OVMF_VARS_4M.fd`],
  "uefi-secure": [`${OVMF}/OVMF_CODE_4M.ms.fd`, `${OVMF}/OVMF_VARS_4M.ms.fd`],
  arm64: ["/usr/share/AAVMF/AAVMF_CODE.fd", "/usr/share/AAVMF/AAVMF_VARS.fd"],
};

/** Virtual machines that run at once: more of them than processors only make each other late. */
const SLOTS = 2;
let machines = 0;
let running = 0;
const queue: (() => void)[] = [];

/** Powers a machine on, on the lab's switch, as soon as there is a processor for it. */
export async function powerOn(lab: Lab, spec: FirmwareMachineSpec): Promise<FirmwareMachine> {
  await using acquired = new AsyncDisposableStack();
  acquired.defer(await takeSlot());
  machines += 1;
  const tap = `vm${machines}`;
  const plug = [`tuntap add dev ${tap} mode tap`, `link set ${tap} master br0 up`];
  await runOrThrow(lab.network.inClient(["ip", "-batch", "-"]), { input: `${plug.join("\n")}\n` });
  const [program, ...args] = qemuCommand(lab.directory, tap, spec);
  const child = startChild(lab.network.inClient([program, ...args]));
  const started = performance.now();
  let console = "";
  let ended = false;
  const watchers = new Set<() => void>();
  const wake = () => {
    for (const look of [...watchers]) look();
  };
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding("latin1").on("data", (text: string) => {
      console += text;
      wake();
    });
  }
  const closed = new Promise<void>((resolve) => {
    child.once("close", () => {
      ended = true;
      wake();
      resolve();
    });
  });
  acquired.defer(async () => {
    child.kill("SIGKILL");
    await closed;
  });
  const owned = acquired.move();
  return {
    console: () => console,
    says: (words, timeoutSeconds = FIRMWARE_TIMEOUT_SECONDS) =>
      new Promise((resolve, reject) => {
        const settle = (act: () => void) => {
          clearTimeout(timer);
          watchers.delete(look);
          act();
        };
        const fail = (why: string) => settle(() => reject(new Error(`${why}: no ${words} in ${console.slice(-3000)}`)));
        const look = () => {
          const said = typeof words === "string" ? console.includes(words) : words.test(console);
          if (said) settle(() => resolve((performance.now() - started) / 1000));
          else if (ended) fail("QEMU has ended");
        };
        const timer = setTimeout(() => fail(`after ${timeoutSeconds} s`), timeoutSeconds * 1000);
        watchers.add(look);
        look();
      }),
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}

/** Resolves when a machine may be started; returns what is to be called when it is off. */
async function takeSlot(): Promise<() => void> {
  if (running >= SLOTS) await new Promise<void>((resolve) => queue.push(resolve));
  else running += 1;
  return () => {
    const next = queue.shift();
    // The slot goes to who waits longest, without ever being free.
    if (next === undefined) running -= 1;
    else next();
  };
}

function qemuCommand(directory: string, tap: string, spec: FirmwareMachineSpec): readonly [string, ...string[]] {
  const { kind, mac, disk } = spec;
  // Without a ROM it is the firmware's own client that boots; for BIOS and with QEMU's ROM for UEFI it is iPXE.
  const rom = kind === "bios" || kind === "uefi-ipxe-rom" ? "" : ",romfile=";
  return [
    kind === "arm64" ? "qemu-system-aarch64" : "qemu-system-x86_64",
    ...["-machine", boardOf(kind), "-accel", "tcg,tb-size=256", "-cpu", kind === "arm64" ? "cortex-a57" : "qemu64"],
    ...["-smp", "1", "-m", "768", "-nodefaults", "-no-user-config", "-display", "none", "-serial", "stdio"],
    ...(kind === "bios" ? [] : flash(directory, tap, kind)),
    ...["-netdev", `tap,id=net0,ifname=${tap},script=no,downscript=no`],
    ...["-device", `virtio-net-pci,netdev=net0,mac=${mac},bootindex=1${rom}`],
    ...(disk === undefined
      ? []
      : ["-drive", `if=none,id=disk0,${disk}`, "-device", "virtio-blk-pci,drive=disk0,bootindex=2"]),
  ];
}

function boardOf(kind: FirmwareKind): string {
  switch (kind) {
    case "arm64":
      return "virt";
    // The variables are safe from the operating system only if system management mode guards the flash.
    case "uefi-secure":
      return "q35,graphics=off,smm=on";
    // Without graphics SeaBIOS and iPXE talk on the serial line.
    default:
      return "q35,graphics=off";
  }
}

function flash(directory: string, name: string, kind: Exclude<FirmwareKind, "bios">): readonly string[] {
  const [code, factoryVariables] = FLASH[kind];
  const folder = join(directory, "flash");
  mkdirSync(folder, { recursive: true });
  const variables = join(folder, name);
  copyFileSync(factoryVariables, variables);
  return [
    ...["-drive", `if=pflash,unit=0,format=raw,readonly=on,file=${code}`],
    ...["-drive", `if=pflash,unit=1,format=raw,file=${variables}`],
    ...(kind === "uefi-secure" ? ["-global", "driver=cfi.pflash01,property=secure,value=on"] : []),
    // Where nobody answers it, PXE over IPv6 tries for 90 s before the next boot option has its turn.
    ...["-fw_cfg", "name=opt/org.tianocore/IPv6PXESupport,string=n"],
    // PXE comes before HTTP unless it is left out.
    ...(kind === "uefi-http" ? ["-fw_cfg", "name=opt/org.tianocore/IPv4PXESupport,string=n"] : []),
  ];
}
