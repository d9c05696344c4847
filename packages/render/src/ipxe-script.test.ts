import { describe, expect, test } from "vitest";
import { BootScriptError, bootScript, ipxeScript } from "./ipxe-script.ts";

describe("the bootstrap script", () => {
  test("chains to /ipxe of the server it came from, with all that iPXE knows about the machine", () => {
    expect(bootScript()).toBe(
      "#!ipxe\nchain ipxe?uuid=${uuid}&mac=${mac:hexhyp}&domain=${domain}&hostname=${hostname}&serial=${serial}&arch=${buildarch:uristring}\n",
    );
  });

  test("is as long as matchbox's, 132 bytes", () => {
    expect(bootScript()).toHaveLength(132);
  });
});

describe("the script of a machine", () => {
  test("loads kernel and initrds in order and boots, with nothing quoted", () => {
    const boot = {
      kernel: "/assets/vmlinuz",
      initrd: ["/assets/live.img", "--name main http://x/main.img"],
      args: ["initrd=main", "console=ttyS0", "url=http://x/?uuid=${uuid}&mac=${mac:hexhyp}", "a='b c'"],
    };
    expect(ipxeScript(boot)).toBe(`#!ipxe
kernel /assets/vmlinuz initrd=main console=ttyS0 url=http://x/?uuid=\${uuid}&mac=\${mac:hexhyp} a='b c'
initrd /assets/live.img
initrd --name main http://x/main.img
boot
`);
  });

  test("of an empty boot object keeps the space after kernel", () => {
    expect(ipxeScript({ kernel: "", initrd: [], args: [] })).toBe("#!ipxe\nkernel \nboot\n");
  });

  test.each([
    ["kernel", { kernel: "a\nshell", initrd: [], args: [] }],
    ["initrd", { kernel: "a", initrd: ["b\r"], args: [] }],
    ["argument", { kernel: "a", initrd: [], args: ["x\0y"] }],
  ])("is refused when a %s would start another line", (_, boot) => {
    expect(() => ipxeScript(boot)).toThrow(BootScriptError);
  });
});
