import { createSocket } from "node:dgram";
import { connect } from "node:net";
import { type DnsResponse, dnsQuestionKey, readDnsResponse } from "@railhead/wire";
import type { Resolver } from "./resolver.ts";
import { TcpFrames, tcpFrame } from "./tcp-frames.ts";

/** Why a server gave no answer: nothing came in time, nobody listens there, or what came cannot be used. */
export class UpstreamError extends Error {
  override readonly name = "UpstreamError";
  readonly code: "timeout" | "unreachable" | "bad-answer" | "closed";

  constructor(code: UpstreamError["code"], message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}

/** One attempt to get an answer. */
export interface Attempt {
  readonly resolver: Resolver;
  readonly message: Uint8Array;
  readonly timeoutMs: number;
  /** Ends the attempt when the server stops. */
  readonly signal: AbortSignal;
}

const MOST_TCP_BYTES = 65_535;

/**
 * Asks by UDP, from a port of its own that the kernel chooses at random. What comes from anybody else, or answers another
 * question, is passed over: a forger gets no second try out of it.
 *
 * @throws UpstreamError
 */
export function askByUdp(attempt: Attempt): Promise<DnsResponse> {
  const { resolver, message } = attempt;
  return withinTime(attempt, (settle, fail) => {
    const socket = createSocket("udp4");
    socket.on("error", (cause) => fail(new UpstreamError("unreachable", cause.message, { cause })));
    socket.on("message", (datagram) => {
      const response = answerTo(message, datagram);
      if (response !== undefined) settle(response);
    });
    let open = true;
    // Connected, so that the kernel keeps strangers out and tells when nobody listens there.
    socket.on("connect", () => {
      if (open) socket.send(message);
    });
    socket.connect(resolver.port, resolver.address);
    return () => {
      open = false;
      socket.close();
    };
  });
}

/** Asks by TCP, which has room for every answer. @throws UpstreamError */
export function askByTcp(attempt: Attempt): Promise<DnsResponse> {
  const { resolver, message } = attempt;
  return withinTime(attempt, (settle, fail) => {
    const frames = new TcpFrames(MOST_TCP_BYTES);
    const socket = connect({ host: resolver.address, port: resolver.port });
    socket.on("error", (cause) => fail(new UpstreamError("unreachable", cause.message, { cause })));
    socket.on("close", () => fail(new UpstreamError("bad-answer", "the connection was closed")));
    socket.on("data", (chunk) => {
      for (const frame of frames.push(chunk) ?? []) {
        const response = answerTo(message, frame);
        if (response === undefined) fail(new UpstreamError("bad-answer", "the answer is to another question"));
        else settle(response);
      }
    });
    socket.write(tcpFrame(message));
    return () => socket.destroy();
  });
}

/** `undefined` when it is no answer to this question: its id, name, type and class must be the same. */
function answerTo(message: Uint8Array, datagram: Uint8Array): DnsResponse | undefined {
  try {
    const response = readDnsResponse(datagram);
    const asked = new DataView(message.buffer, message.byteOffset, message.length);
    if (response.id !== asked.getUint16(0)) return undefined;
    const question = message.subarray(12, 12 + response.question.length);
    return dnsQuestionKey(response.question) === dnsQuestionKey(question) ? response : undefined;
  } catch {
    return undefined; // not a response at all; the right one may still come
  }
}

function withinTime(
  { resolver, timeoutMs, signal }: Attempt,
  start: (settle: (response: DnsResponse) => void, fail: (error: UpstreamError) => void) => () => void,
): Promise<DnsResponse> {
  return new Promise((resolve, reject) => {
    let ended = false;
    const end = (act: () => void) => {
      if (ended) return;
      ended = true;
      clearTimeout(timer);
      signal.removeEventListener("abort", onAbort);
      stop();
      act();
    };
    const fail = (error: UpstreamError) => end(() => reject(error));
    const onAbort = () => fail(new UpstreamError("closed", "the server is stopping"));
    const timer = setTimeout(
      () => fail(new UpstreamError("timeout", `no answer from ${resolver.address} in ${timeoutMs} ms`)),
      timeoutMs,
    );
    signal.addEventListener("abort", onAbort);
    const stop = start((response) => end(() => resolve(response)), fail);
    if (signal.aborted) onAbort();
  });
}
