import { spawn } from "node:child_process";
import { createSocket } from "node:dgram";
import { readFile } from "node:fs/promises";
import { setTimeout as sleep } from "node:timers/promises";
import { closeUdp } from "./bind-udp.ts";

const ANSWER_MILLISECONDS = 250;
const DISCARD_PORT = 9;
/** So that a storm of first contacts does not become a storm of probes. */
const MOST_AT_ONCE = 32;
/** ATF_COM of if_arp.h: the kernel knows the neighbour's hardware address. */
const COMPLETE = 0x2;

/**
 * Looks whether somebody has an address, before it is offered for the first time (RFC 2131 section 2.2).
 *
 * On a network of ours, the kernel is made to ask by ARP: hosts answer that which would not answer a ping. Behind a
 * relay only a ping can tell. At most 32 are looked for at a time; more are taken for free unseen.
 */
export class AddressProbe {
  readonly #underWay = new Set<string>();

  /** Whether the address is being looked for now. */
  isUnderWay(address: string): boolean {
    return this.#underWay.has(address);
  }

  /** The hardware address of who has it, `"unknown"` behind a relay, `undefined` where nobody answers in time. */
  async findHolder(address: string, relayed: boolean): Promise<string | undefined> {
    if (this.#underWay.size >= MOST_AT_ONCE) return undefined;
    this.#underWay.add(address);
    try {
      return relayed ? await ping(address) : await askByArp(address);
    } finally {
      this.#underWay.delete(address);
    }
  }
}

async function askByArp(address: string): Promise<string | undefined> {
  const socket = createSocket("udp4");
  try {
    // Whatever is sent: the kernel has to find the neighbour first. Where there is no route, nobody can be asked.
    const sent = await new Promise<boolean>((resolve) => {
      socket.on("error", () => resolve(false));
      socket.send(new Uint8Array(0), DISCARD_PORT, address, (error) => resolve(error === null));
    });
    if (!sent) return undefined;
    await sleep(ANSWER_MILLISECONDS);
    return parseArpTable(await readFile("/proc/net/arp", "utf8"), address);
  } finally {
    await closeUdp(socket);
  }
}

/** The hardware address that the kernel's ARP table (proc(5), /proc/net/arp) has of an address. */
export function parseArpTable(table: string, address: string): string | undefined {
  for (const line of table.split("\n").slice(1)) {
    const [ip, , flags, hardware] = line.split(/\s+/);
    if (ip === address && (Number(flags) & COMPLETE) !== 0) return hardware;
  }
  return undefined;
}

function ping(address: string): Promise<string | undefined> {
  return new Promise((resolve) => {
    const child = spawn("ping", ["-n", "-q", "-c", "1", "-W", "1", "--", address], { stdio: "ignore" });
    child.once("error", () => resolve(undefined)); // no ping on this machine: nobody can be asked
    child.once("exit", (code) => resolve(code === 0 ? "unknown" : undefined));
  });
}
