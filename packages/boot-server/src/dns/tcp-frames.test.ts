import { expect, test } from "vitest";
import { TcpFrames, tcpFrame } from "./tcp-frames.ts";

const MESSAGES = [Uint8Array.of(1, 2, 3), new Uint8Array(0), new Uint8Array(300).fill(7)];
const STREAM = Buffer.concat(MESSAGES.map((message) => tcpFrame(message)));

test.each([1, 2, 3, 7, 1000])("messages come whole out of pieces of %i bytes", (pieceBytes) => {
  const frames = new TcpFrames(300);
  const pieces = Array.from({ length: Math.ceil(STREAM.length / pieceBytes) }, (_, index) =>
    STREAM.subarray(index * pieceBytes, (index + 1) * pieceBytes),
  );
  expect(pieces.flatMap((piece) => frames.push(piece) ?? [])).toEqual(MESSAGES);
});

test("a message that is too long ends it before it is there", () => {
  expect(new TcpFrames(299).push(tcpFrame(new Uint8Array(300)).subarray(0, 2))).toBeUndefined();
});
