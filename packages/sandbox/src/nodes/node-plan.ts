import { type Ipv4Address, type MacAddress, parseIpv4, parseMac } from "@railhead/wire";
import type { Firmware } from "../qemu/qemu-arguments.ts";
import { SandboxError } from "../sandbox-error.ts";

export interface NodePlanOptions {
  /** How many machines; 1 to 99. */
  readonly nodes: number;
  /** How many of them, the first ones, are managers; the rest are workers. */
  readonly managers: number;
  /** The firmware of the first node, the second, ..., beginning again at the end of the list. */
  readonly firmware: readonly Firmware[];
}

/** Who a node is. Fixed by its number, so that a second sandbox has the same nodes. */
export interface NodePlan {
  readonly name: string;
  readonly mac: MacAddress;
  readonly address: Ipv4Address;
  readonly role: "manager" | "worker";
  readonly firmware: Firmware;
  readonly uuid: string;
  readonly serial: string;
  readonly tap: string;
}

/** The sandbox's network. Nothing outside it knows these addresses. */
export const SANDBOX_NETWORK = {
  subnet: "10.77.0.0/24",
  serverAddress: "10.77.0.1",
  serverCidr: "10.77.0.1/24",
  /** For machines without a reservation; the nodes are below it. */
  pool: { first: "10.77.0.200", last: "10.77.0.250" },
} as const;

const MOST_NODES = 99;
const LEAST_MEMORY_MIB = 512;

/** Plans the nodes. Throws `bad-option` for counts that make no sandbox. Pure. */
export function planNodes(options: NodePlanOptions): readonly NodePlan[] {
  const { nodes, managers, firmware } = options;
  if (!Number.isInteger(nodes) || nodes < 1 || nodes > MOST_NODES) {
    throw new SandboxError("bad-option", `a sandbox has 1 to ${MOST_NODES} nodes, not ${nodes}`);
  }
  if (!Number.isInteger(managers) || managers < 0 || managers > nodes) {
    throw new SandboxError("bad-option", `of ${nodes} nodes, 0 to ${nodes} can be managers, not ${managers}`);
  }
  if (firmware.length === 0) {
    throw new SandboxError("bad-option", "no firmware is given: bios, uefi, or a list of them");
  }
  return Array.from({ length: nodes }, (_, index) => planNode(index, options));
}

/** Throws `bad-option` for memory that the node image does not boot in. Pure. */
export function checkMemory(memoryMiB: number): number {
  if (!Number.isInteger(memoryMiB) || memoryMiB < LEAST_MEMORY_MIB) {
    throw new SandboxError("bad-option", `a node needs at least ${LEAST_MEMORY_MIB} MiB of memory, not ${memoryMiB}`);
  }
  return memoryMiB;
}

function planNode(index: number, { managers, firmware }: NodePlanOptions): NodePlan {
  const digits = String(index + 1).padStart(2, "0");
  const octet = (index + 1).toString(16).padStart(2, "0");
  return {
    name: `core-${digits}`,
    mac: parseMac(`52:54:00:77:00:${octet}`),
    address: parseIpv4(`10.77.0.${11 + index}`),
    role: index < managers ? "manager" : "worker",
    firmware: firmware[index % firmware.length] ?? "bios",
    uuid: `77000000-0000-4000-8000-5254007700${octet}`,
    serial: `RAILHEAD-${digits}`,
    tap: `tap${index + 1}`,
  };
}

/** The machine's declaration, as the data directory has it in machines/NAME.json. Pure. */
export function machineDocument(node: NodePlan): Readonly<Record<string, unknown>> {
  const { name, mac, uuid, serial, address, role } = node;
  return { name, macs: [mac], uuid, serial, address, role };
}
