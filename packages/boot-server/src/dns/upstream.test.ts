import { createSocket, type Socket } from "node:dgram";
import { once } from "node:events";
import { type AddressInfo, createServer } from "node:net";
import { parseIpv4 } from "@railhead/wire";
import { decode, encode, streamEncode } from "dns-packet";
import { afterEach, describe, expect, test } from "vitest";
import { askByTcp, askByUdp } from "./upstream.ts";

const LOOPBACK = parseIpv4("127.0.0.1");
const QUESTION = { name: "example.org", type: "A" } as const;
const MESSAGE = new Uint8Array(encode({ type: "query", id: 0x1234, questions: [QUESTION] }));
const GOOD = response(0x1234, "example.org");

let release: (() => void)[] = [];
afterEach(() => {
  for (const act of release) act();
  release = [];
});

function response(id: number, name: string, type: "A" | "AAAA" = "A"): Buffer {
  return encode({ type: "response", id, questions: [{ name, type }], answers: [] });
}

/** A server that sends these datagrams to whoever asks. */
async function udpServer(
  datagrams: readonly Uint8Array[],
): Promise<{ port: number; ports: Set<number>; socket: Socket }> {
  const socket = createSocket("udp4");
  const ports = new Set<number>();
  socket.on("message", (_message, from) => {
    ports.add(from.port);
    for (const datagram of datagrams) socket.send(datagram, from.port, from.address);
  });
  socket.bind(0, LOOPBACK);
  await once(socket, "listening");
  release.push(() => socket.close());
  return { port: socket.address().port, ports, socket };
}

async function tcpServer(stream: Uint8Array): Promise<number> {
  const server = createServer((socket) => {
    socket.once("data", () => socket.end(stream));
    socket.on("error", () => undefined);
  });
  server.listen(0, LOOPBACK);
  await once(server, "listening");
  release.push(() => server.close());
  return (server.address() as AddressInfo).port;
}

function attempt(port: number, timeoutMs = 2000, signal = new AbortController().signal) {
  return { resolver: { address: LOOPBACK, port }, message: MESSAGE, timeoutMs, signal };
}

describe("by UDP", () => {
  test("the answer to the question is taken, whatever came before it", async () => {
    const { port } = await udpServer([
      Buffer.from("nonsense"),
      MESSAGE, // an echo
      response(0x4321, "example.org"), // another id
      response(0x1234, "forged.example"), // another name
      response(0x1234, "example.org", "AAAA"), // another type
      response(0x1234, "EXAMPLE.org"),
    ]);
    const answer = await askByUdp(attempt(port));
    expect(decode(GOOD).id).toBe(answer.id);
    expect(Buffer.from(answer.question).toString()).toContain("EXAMPLE");
  });

  test("nothing else is taken", async () => {
    const { port } = await udpServer([response(0x4321, "example.org"), Buffer.alloc(0)]);
    await expect(askByUdp(attempt(port, 200))).rejects.toMatchObject({ code: "timeout" });
  });

  test("every question leaves from a port of its own", async () => {
    const { port, ports } = await udpServer([GOOD]);
    for (let round = 0; round < 8; round += 1) await askByUdp(attempt(port));
    expect(ports.size).toBeGreaterThan(4);
  });

  test("that nobody listens is known at once", async () => {
    const { port, socket } = await udpServer([]);
    release = [];
    socket.close();
    await once(socket, "close");
    const startedAt = performance.now();
    await expect(askByUdp(attempt(port, 20_000))).rejects.toMatchObject({ code: "unreachable" });
    expect(performance.now() - startedAt).toBeLessThan(10_000);
  });

  test("it ends when the server stops, also before it has begun", async () => {
    const { port } = await udpServer([]);
    const stop = new AbortController();
    const asking = askByUdp(attempt(port, 20_000, stop.signal));
    stop.abort();
    await expect(asking).rejects.toMatchObject({ code: "closed" });
    await expect(askByUdp(attempt(port, 20_000, stop.signal))).rejects.toMatchObject({ code: "closed" });
  });
});

describe("by TCP", () => {
  const frame = streamEncode(decode(GOOD));

  test("the answer is put together", async () => {
    expect((await askByTcp(attempt(await tcpServer(frame)))).id).toBe(0x1234);
  });

  test.each([
    ["an answer that is cut off", frame.subarray(0, 10)],
    ["an answer to another question", streamEncode(decode(response(0x1234, "other.example")))],
    ["nothing", Buffer.alloc(0)],
  ])("%s is none", async (_what, stream) => {
    await expect(askByTcp(attempt(await tcpServer(stream)))).rejects.toMatchObject({ code: "bad-answer" });
  });
});
