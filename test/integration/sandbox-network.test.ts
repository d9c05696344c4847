import { execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, readdir, readlink, rm } from "node:fs/promises";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import {
  createNetwork,
  createVirtualMachine,
  type Firmware,
  type IsolatedNetwork,
  type MachineSpec,
  prepareMachine,
  processesInside,
} from "@railhead/sandbox";
import { describe, expect, onTestFinished, test } from "vitest";

const HOLD_NETWORK = fileURLToPath(new URL("./fixtures/hold-network.ts", import.meta.url));

async function scratch(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), "railhead-network-"));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  return folder;
}

async function network(...taps: readonly string[]): Promise<IsolatedNetwork> {
  const made = await createNetwork({ address: "10.77.0.1/24", taps, directory: await scratch() });
  onTestFinished(() => made.close().catch(() => undefined));
  return made;
}

async function inside({ enter }: IsolatedNetwork, ...argv: [string, ...string[]]): Promise<string> {
  const [file, ...args] = enter(argv);
  return (await promisify(execFile)(file, args)).stdout;
}

/** The processes in a network namespace, by its identity: "net:[4026532290]". */
async function processesIn(namespace: string): Promise<readonly string[]> {
  const pids = (await readdir("/proc")).filter((entry) => /^\d+$/.test(entry));
  const namespaces = await Promise.all(pids.map((pid) => readlink(`/proc/${pid}/ns/net`).catch(() => undefined)));
  return pids.filter((_, index) => namespaces[index] === namespace);
}

describe("the isolated network", () => {
  test("has the bridge with the server's address, the taps, and no way out", async () => {
    const made = await network("tap1", "tap2");
    const links: readonly {
      readonly ifname: string;
      readonly master?: string;
      readonly linkinfo?: { readonly info_data?: object };
    }[] = JSON.parse(await inside(made, "ip", "-json", "-details", "link"));
    expect(links.map(({ ifname, master }) => [ifname, master])).toEqual([
      ["lo", undefined],
      ["br0", undefined],
      ["tap1", "br0"],
      ["tap2", "br0"],
    ]);
    expect(links[1]?.linkinfo?.info_data).toMatchObject({ stp_state: 0, forward_delay: 0, mcast_snooping: 0 });
    expect(await inside(made, "ip", "-brief", "address", "show", "br0")).toMatch(/10\.77\.0\.1\/24 .*fd77::1\/64/);
    expect(await inside(made, "ip", "route")).toMatch(/^10\.77\.0\.0\/24 dev br0 [^\n]*\n$/);
    expect(await inside(made, "ip", "-6", "route", "show", "default")).toBe("");
  });

  test("gets and loses taps while it is there", async () => {
    const made = await network();
    await made.addTap("tap7");
    expect(await inside(made, "ip", "-brief", "link")).toContain("tap7");
    await made.removeTap("tap7");
    expect(await inside(made, "ip", "-brief", "link")).not.toContain("tap7");
    await expect(made.addTap("eth0; reboot")).rejects.toMatchObject({ code: "bad-option" });
  });

  test("ends with everything that runs in it when it is closed", async () => {
    const made = await network("tap1");
    const namespace = await readlink(`/proc/${made.holderPid}/ns/net`);
    const [file, ...args] = made.enter(["sh", "-c", "trap '' TERM; sleep 60 & wait"]);
    const stranger = spawn(file, args, { stdio: "ignore", detached: true });
    await expect.poll(async () => (await processesInside(made.holderPid)).length).toBeGreaterThanOrEqual(4);
    await made.close();
    expect(await processesIn(namespace)).toEqual([]);
    expect(stranger.pid).toBeGreaterThan(1);
    await made.close();
  });

  test.each(["SIGKILL", "SIGTERM"] as const)("ends with its owner, whom %s ends without a word", async (signal) => {
    const owner = spawn(process.execPath, ["--conditions=railhead-source", HOLD_NETWORK, await scratch()], {
      stdio: ["ignore", "pipe", "inherit"],
    });
    const [line] = await once(createInterface(owner.stdout), "line");
    const { namespace }: { readonly namespace: string } = JSON.parse(String(line));
    // The holder, and radvd with its helper.
    expect((await processesIn(namespace)).length).toBeGreaterThanOrEqual(2);
    owner.kill(signal);
    await once(owner, "exit");
    await expect.poll(() => processesIn(namespace), { timeout: 5000 }).toEqual([]);
  });

  test("cannot be made with an address that is none, and nothing of it stays", async () => {
    const before = await childrenCalled("cat");
    const making = createNetwork({ address: "10.77.0.1.1/24", taps: [], directory: await scratch() });
    await expect(making).rejects.toMatchObject({
      code: "command-failed",
      message: expect.stringContaining("10.77.0.1.1"),
    });
    expect(await childrenCalled("cat")).toEqual(before);
  });
});

describe("a blank machine", () => {
  test.each<[Firmware, number]>([
    ["bios", 20],
    ["uefi", 40],
  ])(
    "with %s asks for an address by PXE within %i s",
    async (firmware, seconds) => {
      const made = await network("tap1");
      const folder = await scratch();
      const [file, ...args] = made.enter([
        "tcpdump",
        "--immediate-mode",
        "-l",
        "-nn",
        "-v",
        "-i",
        "br0",
        "udp port 67 or icmp6",
      ]);
      const capture = spawn(file, args, { stdio: ["ignore", "pipe", "pipe"] });
      onTestFinished(() => void capture.kill());
      let seen = "";
      capture.stdout.setEncoding("utf8").on("data", (text: string) => (seen += text));
      await once(capture.stderr, "data");
      const spec: MachineSpec = {
        name: "core-01",
        mac: "52:54:00:77:00:01",
        uuid: "77000000-0000-4000-8000-525400770001",
        serial: "RAILHEAD-01",
        memoryMiB: 512,
        firmware,
        accelerator: "tcg",
        tap: "tap1",
        consoleLog: join(folder, "console.log"),
        consoleSocket: join(folder, "console.sock"),
        qmpSocket: join(folder, "qmp"),
        firmwareVariables: join(folder, "variables.fd"),
      };
      await prepareMachine(spec, "qemu-img", undefined);
      const machine = createVirtualMachine(spec, {
        qemu: "qemu-system-x86_64",
        enter: made.enter,
        onEvent: () => undefined,
      });
      onTestFinished(machine.powerOff);
      await machine.start();
      let live = "";
      const line = connect({ path: spec.consoleSocket })
        .setEncoding("utf8")
        .on("data", (text: string) => (live += text));
      onTestFinished(() => void line.destroy());
      await expect
        .poll(() => seen, { timeout: seconds * 1000 })
        .toMatch(/Client-Ethernet-Address 52:54:00:77:00:01[^]*PXEClient/);
      // Its console is heard live and kept.
      expect(live).toMatch(/PXE/);
      expect((await machine.consoleTail(50)).join("\n")).toMatch(/PXE/);
    },
    60_000,
  );

  test("is offered an IPv6 prefix as soon as it asks, or iPXE would wait for that", async () => {
    const made = await network("tap1");
    // A guest's side of the segment: a second namespace with the kernel's own IPv6 client.
    const guest = spawn("unshare", ["--net", "--", "sleep", "60"], { stdio: "ignore" });
    onTestFinished(() => void guest.kill());
    await once(guest, "spawn");
    await expect.poll(() => readlink(`/proc/${guest.pid}/ns/net`)).not.toBe(await readlink("/proc/self/ns/net"));
    await inside(
      made,
      "ip",
      "link",
      "add",
      "veth0",
      "master",
      "br0",
      "up",
      "type",
      "veth",
      "peer",
      "eth0",
      "netns",
      String(guest.pid),
    );
    const ip = (...args: string[]): Promise<{ readonly stdout: string }> =>
      promisify(execFile)("nsenter", [`--net=/proc/${guest.pid}/ns/net`, "--", "ip", ...args]);
    await ip("link", "set", "eth0", "up");
    await expect
      .poll(async () => (await ip("-6", "address", "show", "eth0")).stdout, { timeout: 8000 })
      .toContain("fd77::");
    expect((await ip("-6", "route", "show", "default")).stdout).toBe("");
  });
});

/** The children of this process that run a program of that name. */
async function childrenCalled(name: string): Promise<string> {
  const { stdout } = await promisify(execFile)("ps", ["--ppid", String(process.pid), "-o", "pid=,comm="]);
  return stdout
    .split("\n")
    .filter((line) => line.endsWith(` ${name}`))
    .join("\n");
}
