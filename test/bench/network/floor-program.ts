import { createSocket } from "node:dgram";
import { open } from "node:fs/promises";

/**
 * The floor of a DHCP server on Node: one socket, one journal, nothing else. It answers each DISCOVER and REQUEST with
 * the fewest options that perfdhcp takes, without reading more of a message than its type, its MAC and its relay, and
 * sends an ACK when a line about it is durable: what waits while one fdatasync runs shares the next.
 *
 * Arguments: server address, journal file.
 */
const [serverAddress = "", journalFile = ""] = process.argv.slice(2);
const MESSAGE_TYPE_OFFSET = 242; // perfdhcp sends option 53 first
const server = serverAddress.split(".").map(Number);
const addresses = new Map<string, number>();
const journal = await open(journalFile, "w");
let waiting: { readonly line: string; readonly send: () => void }[] = [];
let flushing = false;

const socket = createSocket({ type: "udp4", recvBufferSize: 4 * 1024 * 1024 });

socket.on("message", (request, from) => {
  const mac = request.toString("latin1", 28, 34);
  const index = addresses.get(mac) ?? addresses.size;
  addresses.set(mac, index);
  const isDiscover = request[MESSAGE_TYPE_OFFSET] === 1;
  const reply = Buffer.alloc(300);
  request.copy(reply, 0, 0, 240);
  reply[0] = 2;
  reply.set([10, 90, 1 + (index >> 8), index & 255], 16);
  reply.set([53, 1, isDiscover ? 2 : 5, 54, 4, ...server, 51, 4, 0, 0, 14, 16, 1, 4, 255, 255, 0, 0, 255], 240);
  const send = () => socket.send(reply, from.port, from.address);
  if (isDiscover) return send();
  const line = `00000000 ["bindings","10.90.1.1",{"mac":"${request.toString("hex", 28, 34)}","expiresAt":${Date.now()}}]\n`;
  waiting.push({ line, send });
  if (!flushing) void flush();
});
socket.bind(67, serverAddress);

async function flush(): Promise<void> {
  flushing = true;
  while (waiting.length > 0) {
    const batch = waiting;
    waiting = [];
    await journal.write(batch.map(({ line }) => line).join(""));
    await journal.datasync();
    for (const { send } of batch) send();
  }
  flushing = false;
}
