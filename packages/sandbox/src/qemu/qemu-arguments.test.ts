import { describe, expect, test } from "vitest";
import { type MachineSpec, qemuArguments } from "./qemu-arguments.ts";

const SPEC: MachineSpec = {
  name: "core-01",
  mac: "52:54:00:77:00:01",
  uuid: "77000000-0000-4000-8000-525400770001",
  serial: "RAILHEAD-01",
  memoryMiB: 1024,
  firmware: "bios",
  accelerator: "tcg",
  tap: "tap1",
  consoleLog: "/run/s/consoles/core-01.log",
  consoleSocket: "/run/s/consoles/core-01.sock",
  qmpSocket: "/run/s/machines/core-01.qmp",
  firmwareVariables: "/run/s/machines/core-01.fd",
};

/** One option a line, as a person reads a command. */
function readable(args: readonly string[]): string {
  return args.join(" ").replaceAll(/ (?=-[a-z])/g, "\n");
}

describe("the arguments of QEMU", () => {
  test("for a BIOS machine without a disk", () => {
    expect(readable(qemuArguments(SPEC))).toMatchInlineSnapshot(`
      "-name guest=core-01
      -machine q35,graphics=off
      -accel tcg,tb-size=256
      -cpu qemu64
      -smp 1
      -m 1024
      -uuid 77000000-0000-4000-8000-525400770001
      -smbios type=1,manufacturer=Railhead,product=Sandbox,serial=RAILHEAD-01,uuid=77000000-0000-4000-8000-525400770001
      -nodefaults
      -no-user-config
      -display none
      -vga none
      -chardev socket,id=console,path=/run/s/consoles/core-01.sock,server=on,wait=off,logfile=/run/s/consoles/core-01.log,logappend=on
      -serial chardev:console
      -qmp unix:/run/s/machines/core-01.qmp,server=on,wait=off
      -netdev tap,id=net0,ifname=tap1,script=no,downscript=no
      -device virtio-net-pci,netdev=net0,mac=52:54:00:77:00:01,bootindex=1"
    `);
  });

  test("for a UEFI machine with a disk under KVM", () => {
    const spec: MachineSpec = { ...SPEC, firmware: "uefi", accelerator: "kvm", disk: "/run/s/machines/core-01.qcow2" };
    expect(readable(qemuArguments(spec))).toMatchInlineSnapshot(`
      "-name guest=core-01
      -machine q35,graphics=off
      -accel kvm
      -cpu host
      -smp 1
      -m 1024
      -uuid 77000000-0000-4000-8000-525400770001
      -smbios type=1,manufacturer=Railhead,product=Sandbox,serial=RAILHEAD-01,uuid=77000000-0000-4000-8000-525400770001
      -nodefaults
      -no-user-config
      -display none
      -vga none
      -drive if=pflash,unit=0,format=raw,readonly=on,file=/usr/share/OVMF/OVMF_CODE_4M.fd
      -drive if=pflash,unit=1,format=raw,file=/run/s/machines/core-01.fd
      -chardev socket,id=console,path=/run/s/consoles/core-01.sock,server=on,wait=off,logfile=/run/s/consoles/core-01.log,logappend=on
      -serial chardev:console
      -qmp unix:/run/s/machines/core-01.qmp,server=on,wait=off
      -netdev tap,id=net0,ifname=tap1,script=no,downscript=no
      -device virtio-net-pci,netdev=net0,mac=52:54:00:77:00:01,bootindex=1,romfile=
      -drive if=none,id=disk0,format=qcow2,cache=unsafe,discard=unmap,file=/run/s/machines/core-01.qcow2
      -device virtio-blk-pci,drive=disk0,bootindex=2"
    `);
  });

  test("keep a comma inside a path from ending the value", () => {
    const args = qemuArguments({ ...SPEC, consoleLog: "/run/a,b/core-01.log", disk: "/run/a,b/core-01.qcow2" });
    expect(args.join(" ")).toContain("logfile=/run/a,,b/core-01.log,logappend=on");
    expect(args.join(" ")).toContain("file=/run/a,,b/core-01.qcow2");
  });
});
