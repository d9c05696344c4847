import { type Binding, buildInventory, type DhcpMode } from "@railhead/provisioning";
import { memoryStore } from "@railhead/store";
import { capturedRequests, clientMessage, firmwareOptions, LAB_SERVICES, labNetwork } from "@railhead/testkit";
import { type Dhcp4Message, decodeDhcp4, encodeDhcp4, findOption, messageType, OPTION } from "@railhead/wire";
import { expect, test } from "vitest";
import { snapshotOf } from "../inventory/snapshot.ts";
import { BindingLedger } from "./binding-ledger.ts";
import { type Arrival, DhcpServer } from "./dhcp-server.ts";

const { inventory } = buildInventory({ machines: [], groups: [], profiles: [], ignitionFiles: new Set() });

/** What the server sends when it hears this: through which of its ports, where to, and what. */
async function sentFor(mode: DhcpMode, message: Dhcp4Message, { from, port }: Pick<Arrival, "from" | "port">) {
  const sent: { readonly by: number; readonly to: string; readonly payload: Uint8Array }[] = [];
  const network = labNetwork({ mode });
  const server = new DhcpServer({
    networks: () => [{ network, services: LAB_SERVICES }],
    ledger: new BindingLedger(memoryStore<Binding>(), [network]),
    probe: { isUnderWay: () => false, findHolder: () => Promise.resolve(undefined) },
    snapshot: () => snapshotOf({ inventory }),
    now: () => 1_800_000_000_000,
    log: () => undefined,
    onContact: () => undefined,
    send: (by, payload, to, address) => sent.push({ by: by.port, to: `${address}:${to}`, payload }),
  });
  await server.handle(encodeDhcp4(message), { from, port, network: undefined });
  return sent;
}

const client = (address: string, port: number) => ({ address, family: "IPv4", port, size: 0 }) as const;
const BROADCASTER = { from: client("0.0.0.0", 68), port: 67 } as const;

test.each([0, 7, 9])(
  "R5: the file's name in option 67 is followed by a zero byte (architecture %i)",
  async (architecture) => {
    const message = clientMessage("discover", { options: firmwareOptions(architecture) });
    const [offer] = await sentFor("authoritative", message, BROADCASTER);
    const payload = Buffer.from(offer?.payload ?? []);
    const name = findOption(decodeDhcp4(payload), OPTION.bootFile) ?? new Uint8Array();
    const at = payload.indexOf(Buffer.of(OPTION.bootFile, name.length, ...name), 240);
    expect(name.length).toBeGreaterThan(0);
    expect(payload[at + 2 + name.length]).toBe(0);
  },
);

test.each([true, false])(
  "R6: a reply is broadcast to 255.255.255.255, not to the subnet's address (flag: %s)",
  async (broadcast) => {
    const message = clientMessage("discover", { header: { broadcast } });
    const sent = await sentFor("authoritative", message, BROADCASTER);
    expect(sent.map(({ by, to }) => `${by} -> ${to}`)).toEqual(["67 -> 255.255.255.255:68"]);
  },
);

test.each([
  ["EDK2", "uefi-pxe-proxydhcp-simple", 5, client("10.77.0.117", 4011), "10.77.0.117:4011"],
  ["iPXE", "bios-ipxe-proxydhcp-menu", 5, client("10.77.0.104", 68), "10.77.0.104:68"],
])(
  "R12: what %s asks on port 4011 is answered from there to where it came from",
  async (_who, capture, index, from, to) => {
    const request = capturedRequests(capture).find((each) => each.index === index);
    if (request === undefined) throw new Error("no such packet");
    const sent = await sentFor("proxy", request.message, { from, port: 4011 });
    expect(sent.map((each) => [each.by, each.to, messageType(decodeDhcp4(each.payload))])).toEqual([[4011, to, "ack"]]);
  },
);
