import { clientMessage, type DhcpClient } from "@railhead/testkit";
import { messageType } from "@railhead/wire";

/** What clients were promised: the address of the last ACK that each got, by MAC. */
export type Promises = Map<string, string>;

export interface LeaseLoad {
  readonly dhcp: DhcpClient;
  readonly promises: Promises;
  /** The MAC of the next client: a new one, or one that has been here before. */
  readonly nextMac: () => string;
  /** The transaction ids of one load must differ from those of all others. */
  readonly nextXid: () => number;
}

const CONCURRENT = 20;
/** A server that is alive answers within a few milliseconds. */
const PATIENCE_MS = 700;

/**
 * Many clients at once, each asking for an address and taking it, until `ended`. Every ACK is written down as soon as
 * it is heard.
 */
export async function applyLoad(load: LeaseLoad, ended: () => boolean): Promise<void> {
  await Promise.all(
    Array.from({ length: CONCURRENT }, async () => {
      while (!ended()) await acquireLease(load);
    }),
  );
}

async function acquireLease({ dhcp, promises, nextMac, nextXid }: LeaseLoad): Promise<void> {
  const mac = nextMac();
  const header = { xid: nextXid() };
  const offer = await dhcp.exchange(clientMessage("discover", { mac, header }), PATIENCE_MS);
  if (offer === undefined || messageType(offer) !== "offer") return;
  const taking = clientMessage("request", {
    mac,
    requested: offer.yiaddr,
    serverId: "10.77.0.1",
    header: { xid: nextXid() },
  });
  const ack = await dhcp.exchange(taking, PATIENCE_MS);
  if (ack !== undefined && messageType(ack) === "ack") promises.set(mac, ack.yiaddr);
}

/** What a client that has started again is told when it asks for an address it believes to be its own (INIT-REBOOT). */
export async function askAgain({ dhcp, nextXid }: LeaseLoad, mac: string, address: string): Promise<string> {
  const message = clientMessage("request", { mac, requested: address, header: { xid: nextXid() } });
  const reply = await dhcp.exchange(message);
  return reply === undefined ? "no reply" : `${messageType(reply)} ${reply.yiaddr}`;
}
