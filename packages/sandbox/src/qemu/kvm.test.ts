import { chmod, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, onTestFinished, test } from "vitest";
import { parseCachedProbe, probeArguments, probeKvm, probeKvmOnce } from "./kvm.ts";

async function scratch(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), "railhead-kvm-"));
  onTestFinished(() => rm(folder, { recursive: true }));
  return folder;
}

/** A QEMU that does what a shell script says, and a /dev/kvm that opens. */
async function fakeQemu(script: string) {
  const folder = await scratch();
  const qemu = join(folder, "qemu");
  await writeFile(qemu, `#!/bin/sh\n${script}\n`);
  await chmod(qemu, 0o755);
  return { qemu, kernel: "/boot/vmlinuz", device: qemu, timeoutMs: 2000 };
}

describe("the probe of KVM", () => {
  test("says kvm when a kernel speaks and restarts", async () => {
    const options = await fakeQemu("echo '[    0.000000] Linux version 6.1.0'; exit 0");
    expect(await probeKvm(options)).toMatchObject({ accelerator: "kvm" });
  });

  test("says tcg when the kernel hangs, within the limit", async () => {
    const options = await fakeQemu("trap '' TERM; sleep 60");
    const started = performance.now();
    expect(await probeKvm({ ...options, timeoutMs: 100 })).toEqual({
      accelerator: "tcg",
      reason: `${options.device} opens, but a kernel hangs in it (no restart within 0.1 s)`,
    });
    expect(performance.now() - started).toBeLessThan(2000);
  });

  test("says tcg when the kernel speaks but never restarts", async () => {
    const options = await fakeQemu("echo 'Linux version 6.1.0'; sleep 60");
    expect(await probeKvm({ ...options, timeoutMs: 100 })).toMatchObject({ accelerator: "tcg" });
  });

  test("says tcg when QEMU restarts without a word of the kernel", async () => {
    expect(await probeKvm(await fakeQemu("exit 0"))).toMatchObject({ accelerator: "tcg" });
  });

  test("says tcg when QEMU fails, with its last words", async () => {
    const options = await fakeQemu("echo 'kvm_buf_set_msrs: Assertion failed' >&2; exit 134");
    expect(await probeKvm(options)).toEqual({
      accelerator: "tcg",
      reason: "KVM does not boot a kernel: kvm_buf_set_msrs: Assertion failed",
    });
  });

  test("says tcg at once when there is no device", async () => {
    const options = await fakeQemu("echo 'Linux version 6.1.0'");
    expect(await probeKvm({ ...options, device: "/nonexistent/kvm" })).toEqual({
      accelerator: "tcg",
      reason: "/nonexistent/kvm is not there or not for this user",
    });
  });

  test("asks for KVM and for a restart after the panic", () => {
    const argv = probeArguments("qemu", "/boot/vmlinuz").join(" ");
    expect(argv).toContain("-accel kvm");
    expect(argv).toContain("-no-reboot");
    expect(argv).toMatch(/-kernel \/boot\/vmlinuz -append console=ttyS0 panic=-1$/);
  });
});

describe("the remembered answer", () => {
  test("is used as long as the host is not restarted", async () => {
    const directory = join(await scratch(), "cache");
    const first = await fakeQemu("echo 'Linux version 6.1.0'");
    const later = await fakeQemu("exit 1");
    expect(await probeKvmOnce(first, { directory, bootId: "a" })).toMatchObject({ accelerator: "kvm" });
    expect(await probeKvmOnce(later, { directory, bootId: "a" })).toMatchObject({ accelerator: "kvm" });
    expect(await probeKvmOnce(later, { directory, bootId: "b" })).toMatchObject({ accelerator: "tcg" });
  });

  test.each([
    "",
    "{}",
    '{"bootId":"a","accelerator":"xen","reason":""}',
    '{"bootId":"b","accelerator":"kvm","reason":"x"}',
  ])("%j is none", (text) => {
    expect(parseCachedProbe(text, "a")).toBeUndefined();
  });
});
