import { once } from "node:events";
import { type AddressInfo, connect, createServer } from "node:net";
import { setTimeout } from "node:timers/promises";
import { afterEach, expect, test } from "vitest";
import { type AnswerMessage, serveTcpConnection } from "./tcp-connection.ts";
import { TcpFrames, tcpFrame } from "./tcp-frames.ts";

let release: (() => void)[] = [];
afterEach(() => {
  for (const act of release) act();
  release = [];
});

/** A client of a server that answers so. */
async function connected(answer: AnswerMessage) {
  let dropped: () => void = () => undefined;
  const droppedByServer = new Promise<void>((resolve) => (dropped = resolve));
  const server = createServer({ allowHalfOpen: true }, (socket) => {
    socket.on("close", dropped);
    serveTcpConnection(socket, answer);
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const client = connect((server.address() as AddressInfo).port, "127.0.0.1");
  release.push(() => {
    client.destroy();
    server.close();
  });
  const frames = new TcpFrames(65_535);
  const received: Uint8Array[] = [];
  client.on("data", (chunk) => received.push(...(frames.push(chunk) ?? [])));
  client.on("error", () => undefined);
  const closed = new Promise<void>((resolve) => void client.once("close", () => resolve()));
  await once(client, "connect");
  return { client, received, closed, droppedByServer };
}

const echo: AnswerMessage = (message) => Promise.resolve(message);

test("every question is answered, those asked at once too, and a slow one does not hold up the next", async () => {
  const { client, received } = await connected(async (message) => {
    if (message[0] === 1) await setTimeout(50);
    return message;
  });
  client.write(Buffer.concat([tcpFrame(Uint8Array.of(1)), tcpFrame(Uint8Array.of(2)), tcpFrame(Uint8Array.of(3))]));
  await expect.poll(() => received.length).toBe(3);
  expect(received.map(([first]) => first)).toEqual([2, 3, 1]);
});

test("a client that says no more still gets the answers that are under way", async () => {
  const { client, received, closed } = await connected(async (message) => {
    await setTimeout(30);
    return message;
  });
  client.end(Buffer.concat([tcpFrame(Uint8Array.of(1)), tcpFrame(Uint8Array.of(2))]));
  await closed;
  expect(received).toHaveLength(2);
});

test("a message longer than any question ends the connection", async () => {
  const { client, received, closed } = await connected(echo);
  client.write(Buffer.from([0xff, 0xff]));
  await closed;
  expect(received).toEqual([]);
});

test("no more than sixteen questions are under way at once, however many are asked", async () => {
  let underWay = 0;
  let most = 0;
  const { client, received } = await connected(async (message) => {
    underWay += 1;
    most = Math.max(most, underWay);
    await setTimeout(5);
    underWay -= 1;
    return message;
  });
  client.write(Buffer.concat(Array.from({ length: 200 }, (_, index) => tcpFrame(Uint8Array.of(index)))));
  await expect.poll(() => received.length, { timeout: 5000 }).toBe(200);
  expect(most).toBe(16);
});

test("a client that asks and never reads is cut off before it fills the memory", async () => {
  let answered = 0;
  const { client, droppedByServer } = await connected(() => {
    answered += 1;
    return Promise.resolve(new Uint8Array(60_000));
  });
  client.pause();
  const question = tcpFrame(new Uint8Array(100));
  for (let index = 0; index < 2000; index += 1) client.write(question);
  await droppedByServer;
  expect(answered).toBeLessThan(1000);
});
