import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { BootScriptError, bootScript, ipxeScript, localBootScript, waitScript } from "./ipxe-script.ts";

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

describe("the script of a machine that has to wait", () => {
  test("says why, waits and asks again", () => {
    expect(waitScript("no group matches mac=52:54:00:77:00:09")).toBe(`#!ipxe
:retry
echo railhead: this machine has to wait
echo railhead: no group matches mac=52:54:00:77:00:09
echo railhead: asking again in 10 seconds
sleep 10
chain --replace --autofree boot.ipxe || goto retry
`);
  });

  test("breaks long reasons at words and keeps their lines", () => {
    const lines = waitScript(`${"word ".repeat(30)}\nsecond line\n${"x".repeat(100)}`)
      .split("\n")
      .slice(3, -4);
    expect(lines.map((line) => line.replace("echo railhead: ", ""))).toEqual(
      [
        "word ".repeat(12).trim() + " word",
        "word ".repeat(13).trim(),
        "word word word word",
        "second line",
        "x".repeat(64),
        "x".repeat(36),
      ].map((line) => line),
    );
  });

  test("no reason can say anything but its own echo lines", () => {
    const nasty = fc.constantFrom(
      "\n",
      "\r",
      ";",
      "&&",
      "||",
      "${net0/mac}",
      "'",
      '"',
      "\\",
      "#",
      "`",
      "\0",
      "\u2028",
      " ",
      "-n",
      "a",
      "é",
    );
    /** Half ASCII, half anything, unpaired surrogates too. (fast-check's own "binary" takes a second to build.) */
    const character = fc.oneof(fc.nat(0x7f), fc.nat(0x10ffff)).map((code) => String.fromCodePoint(code));
    const reasons = fc.oneof(
      fc.string({ unit: character, size: "max", maxLength: 100 }),
      fc.array(nasty, { size: "max", maxLength: 60 }).map((parts) => parts.join("")),
    );
    fc.assert(
      fc.property(reasons, (reason) => {
        const lines = waitScript(reason).split("\n");
        const [shebang, label, title, ...rest] = lines;
        expect([shebang, label, title]).toEqual(["#!ipxe", ":retry", "echo railhead: this machine has to wait"]);
        expect(rest.slice(-4)).toEqual([
          "echo railhead: asking again in 10 seconds",
          "sleep 10",
          "chain --replace --autofree boot.ipxe || goto retry",
          "",
        ]);
        const harmless = /^echo railhead: [A-Za-z0-9 .,:/_()=+@%*<>[\]!?-]{1,64}$/;
        expect(rest.slice(0, -4).filter((line) => !harmless.test(line))).toEqual([]);
      }),
    );
  });
});

describe("the script of an installed machine", () => {
  test("gives a BIOS its first disk, and leaves UEFI with an error, so that it tries the next boot option (MY-08)", () => {
    expect(localBootScript()).toBe(
      "#!ipxe\necho railhead: booting from the local disk\niseq ${platform} efi && exit 1 ||\nsanboot --no-describe --drive 0x80 || exit 1\n",
    );
  });
});
