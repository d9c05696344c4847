import type { NetBoot } from "@railhead/provisioning";
import { parseIpv4, parseMac } from "@railhead/wire";
import { describe, expect, test } from "vitest";
import { grubConfig } from "./grub-config.ts";
import type { LoaderFacts } from "./plain-boot.ts";
import { syslinuxConfig } from "./syslinux-config.ts";

const FACTS: LoaderFacts = {
  server: { address: parseIpv4("10.77.0.1"), httpPort: 8080 },
  mac: parseMac("52:54:00:77:00:01"),
  address: parseIpv4("10.77.0.11"),
  hostname: "core-01",
};

function boot(more: Partial<NetBoot> = {}): NetBoot {
  return { kernel: "/assets/vmlinuz", initrd: ["/assets/live.img"], args: ["console=ttyS0"], ...more };
}

/** The kernel's command line after the file, as it stands in each configuration. */
function argumentsIn(profile: NetBoot): readonly (string | undefined)[] {
  const grub = /^ {2}if linux \S+ ?(.*); then/m.exec(grubConfig(profile, FACTS))?.[1];
  const syslinux = /^ {2}APPEND (.*)$/m.exec(syslinuxConfig(profile, FACTS))?.[1];
  return [grub, syslinux];
}

test("GRUB loads kernel and initrd from this server, by HTTP if it can, and begins anew when it gets none", () => {
  expect(
    grubConfig(boot({ initrd: ["/assets/a.img", "b.img"] }), FACTS),
  ).toBe(`for server in (http,10.77.0.1:8080) (tftp,10.77.0.1); do
  if linux $server/assets/vmlinuz console=ttyS0; then
    if initrd $server/assets/a.img $server/b.img; then boot; fi
  fi
done
echo 'railhead: a file could not be loaded; starting again in 10 seconds'
sleep 10
reboot
`);
});

test("SYSLINUX clients load them by whatever they loaded the configuration by", () => {
  expect(syslinuxConfig(boot({ initrd: ["/assets/a.img", "b.img"] }), FACTS)).toBe(`DEFAULT railhead
PROMPT 0
LABEL railhead
  KERNEL /assets/vmlinuz
  INITRD /assets/a.img,/b.img
  APPEND console=ttyS0
`);
});

test("a profile without initrd and arguments has none in either", () => {
  const bare = boot({ initrd: [], args: [] });
  expect(grubConfig(bare, FACTS)).toMatch(/^ {2}if linux \$server\/assets\/vmlinuz; then boot; fi$/m);
  expect(syslinuxConfig(bare, FACTS)).not.toMatch(/INITRD|APPEND/);
});

test.each([
  ["http://10.0.0.9/k", 8080, "(http,10.0.0.9)/k", "http://10.0.0.9/k"],
  ["http://mirror.test:81/a/k", 8080, "(http,mirror.test:81)/a/k", "http://mirror.test:81/a/k"],
  ["tftp://10.0.0.9/k", 8080, "(tftp,10.0.0.9)/k", "tftp://10.0.0.9/k"],
  ["/k", 80, "$server/k", "/k"],
  ["/k?a=1&b=2", 8080, "$server'/k?a=1&b=2'", "/k?a=1&b=2"],
  ["http://10.77.0.1:8080/assets/k", 8080, "$server/assets/k", "/assets/k"],
  ["--name kernel /k", 8080, "$server/k", "/k"],
])("the kernel %s, with our HTTP on port %i, is %s to GRUB and %s to SYSLINUX", (kernel, httpPort, grub, syslinux) => {
  const facts = { ...FACTS, server: { ...FACTS.server, httpPort } };
  const profile = boot({ kernel, initrd: [], args: [] });
  expect(grubConfig(profile, facts)).toContain(`if linux ${grub}; then`);
  expect(syslinuxConfig(profile, facts)).toContain(`  KERNEL ${syslinux}\n`);
});

describe("arguments", () => {
  test.each([
    ["${mac}", "52:54:00:77:00:01"],
    ["${net0/mac:hexhyp}", "52-54-00-77-00-01"],
    ["${mac:hexraw}", "525400770001"],
    ["${next-server}", "10.77.0.1"],
    ["${ip}", "10.77.0.11"],
    ["${netX/hostname:uristring}", "core-01"],
  ])("%s is %s", (variable, value) => {
    expect(argumentsIn(boot({ args: [`x=${variable},`] }))).toEqual([`x=${value},`, `x=${value},`]);
  });

  test.each(["${uuid}", "${serial}", "${buildarch}", "${net1/mac}", "${mac:base64}", "${}", "${${ip}}"])(
    "%s, which only iPXE could tell, is an error",
    (variable) => {
      const unknown = expect.objectContaining({ code: "loader-unknown-variable" });
      expect(() => grubConfig(boot({ args: [variable] }), FACTS)).toThrow(unknown);
      expect(() => syslinuxConfig(boot({ kernel: `/k?${variable}` }), FACTS)).toThrow(unknown);
    },
  );

  test("that tell the kernel of iPXE's images are left out", () => {
    const initrd = ["--name main /assets/live.img", "/assets/more.img"];
    const args = ["initrd=main", "initrd=more.img", "initrd=other", "root=live"];
    expect(argumentsIn(boot({ initrd, args }))).toEqual(["initrd=other root=live", "initrd=other root=live"]);
  });

  test.each([
    ["a=1 b=2", "a=1 b=2", "a=1 b=2"],
    ['dyndbg="file x +p"', "'dyndbg=file x +p'", 'dyndbg="file x +p"'],
    ["cost=$5;reboot", "'cost=$5;reboot'", "cost=$5;reboot"],
    ["ip=dhcp", "ip=dhcp", "ip=dhcp"],
  ])("%s is %s to GRUB and %s to SYSLINUX", (arg, grub, syslinux) => {
    expect(argumentsIn(boot({ args: [arg] }))).toEqual([grub, syslinux]);
  });

  test.each(["it's", "a\\b"])("%s, which GRUB would change, is an error", (arg) => {
    expect(() => grubConfig(boot({ args: [arg] }), FACTS)).toThrow(
      expect.objectContaining({ code: "loader-unsupported" }),
    );
  });

  test.each(["a\nreboot", "a\0"])("%j would be a command of its own and is an error", (arg) => {
    const broken = expect.objectContaining({ code: "loader-line-break" });
    expect(() => grubConfig(boot({ args: [arg] }), FACTS)).toThrow(broken);
    expect(() => syslinuxConfig(boot({ args: [arg] }), FACTS)).toThrow(broken);
  });
});

test.each(["https://10.0.0.9/k", "http://10.0.0.9", "nfs://10.0.0.9/k"])(
  "%s is nothing that GRUB can load",
  (kernel) => {
    expect(() => grubConfig(boot({ kernel }), FACTS)).toThrow(expect.objectContaining({ code: "loader-unsupported" }));
  },
);
