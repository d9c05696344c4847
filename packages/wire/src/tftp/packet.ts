import {
  ByteReader,
  bytesFromNumber,
  bytesFromText,
  concatBytes,
  DecodeError,
  EncodeError,
  textFromBytes,
} from "../bytes.ts";

/** Read and write request, DATA, ACK, ERROR (RFC 1350 section 5) and OACK (RFC 2347). */
const OPCODE = { rrq: 1, wrq: 2, data: 3, ack: 4, error: 5, oack: 6 } as const;

/** ERROR codes, RFC 1350 appendix and RFC 2347. */
export const TFTP_ERROR = {
  undefined: 0,
  notFound: 1,
  accessViolation: 2,
  diskFull: 3,
  illegalOperation: 4,
  unknownTransfer: 5,
  fileExists: 6,
  noSuchUser: 7,
  optionRefused: 8,
} as const;

/** `mail` is obsolete (RFC 1350 section 5); it decodes so that it can be refused with a reason. */
export type TftpMode = "octet" | "netascii" | "mail";

export interface TftpOption {
  /** In lower case: names are compared without regard to case (RFC 2347). */
  readonly name: string;
  readonly value: string;
}

interface TftpRequest {
  /** As sent, one character a byte. */
  readonly fileName: string;
  readonly mode: TftpMode;
  readonly options: readonly TftpOption[];
}
export interface TftpRrq extends TftpRequest {
  readonly kind: "rrq";
}
export interface TftpWrq extends TftpRequest {
  readonly kind: "wrq";
}
export interface TftpData {
  readonly kind: "data";
  /** 0..65535 */
  readonly block: number;
  readonly data: Uint8Array;
}
export interface TftpAck {
  readonly kind: "ack";
  readonly block: number;
}
export interface TftpErrorPacket {
  readonly kind: "error";
  readonly code: number;
  readonly message: string;
}
export interface TftpOack {
  readonly kind: "oack";
  readonly options: readonly TftpOption[];
}
export type TftpPacket = TftpRrq | TftpWrq | TftpData | TftpAck | TftpErrorPacket | TftpOack;

/** RFC 2347 section 3. */
const MAX_REQUEST_LENGTH = 512;
const MODES: ReadonlyMap<string, TftpMode> = new Map([
  ["octet", "octet"],
  ["netascii", "netascii"],
  ["mail", "mail"],
]);

/** Decodes one datagram. DATA is a view of it. Throws {@link DecodeError}. */
export function decodeTftp(datagram: Uint8Array): TftpPacket {
  // Nearly all that a server hears; it need not wait for a reader to be made.
  if (datagram.length === 4 && datagram[0] === 0 && datagram[1] === OPCODE.ack) {
    return { kind: "ack", block: (datagram[2] ?? 0) * 0x100 + (datagram[3] ?? 0) };
  }
  const reader = new ByteReader(datagram);
  const opcode = reader.uint16("opcode");
  switch (opcode) {
    case OPCODE.rrq:
      return { kind: "rrq", ...decodeRequest(reader, datagram.length) };
    case OPCODE.wrq:
      return { kind: "wrq", ...decodeRequest(reader, datagram.length) };
    case OPCODE.data:
      return { kind: "data", block: reader.uint16("block"), data: reader.rest() };
    case OPCODE.ack: {
      const block = reader.uint16("block");
      if (reader.remaining > 0) throw new DecodeError("an ACK has 4 bytes", reader.offset);
      return { kind: "ack", block };
    }
    case OPCODE.error:
      return { kind: "error", code: reader.uint16("error code"), message: decodeErrorMessage(reader) };
    case OPCODE.oack:
      return { kind: "oack", options: decodeOptions(reader) };
    default:
      throw new DecodeError(`opcode ${opcode} is not known`, 0);
  }
}

function decodeRequest(reader: ByteReader, length: number): TftpRequest {
  if (length > MAX_REQUEST_LENGTH) {
    throw new DecodeError(`a request has at most ${MAX_REQUEST_LENGTH} bytes, not ${length}`, MAX_REQUEST_LENGTH);
  }
  const fileName = reader.terminatedText("file name");
  const modeOffset = reader.offset;
  const mode = MODES.get(lowerCase(reader.terminatedText("mode")));
  if (mode === undefined) throw new DecodeError("the mode is not octet, netascii or mail", modeOffset);
  return { fileName, mode, options: decodeOptions(reader) };
}

function decodeOptions(reader: ByteReader): readonly TftpOption[] {
  const options: TftpOption[] = [];
  while (reader.remaining > 0) {
    const start = reader.offset;
    const name = lowerCase(reader.terminatedText("option name"));
    if (name === "") throw new DecodeError("an option has no name", start);
    // RFC 2347: "An option may only be specified once."
    if (options.some((option) => option.name === name)) throw new DecodeError("an option is given twice", start);
    options.push({ name, value: reader.terminatedText("option value") });
  }
  return options;
}

/** Whatever its text looks like, an ERROR ends the transfer: one without its NUL is better heard than retried. */
function decodeErrorMessage(reader: ByteReader): string {
  const rest = reader.rest();
  const end = rest.indexOf(0);
  return textFromBytes(end === -1 ? rest : rest.subarray(0, end));
}

/** ASCII only, so that encoding gives back what was decoded: `toLowerCase` would change Latin-1 letters too. */
function lowerCase(text: string): string {
  return text.replace(/[A-Z]/g, (letter) => letter.toLowerCase());
}

/** Encodes one packet. Throws {@link EncodeError} `bad-value` for text that holds NUL, `too-large` for a request over 512 bytes. */
export function encodeTftp(packet: TftpPacket): Uint8Array {
  switch (packet.kind) {
    case "rrq":
    case "wrq":
      return encodeRequest(packet);
    case "data":
      return encodeData(packet.block, packet.data);
    case "ack":
      return concatBytes([bytesFromNumber(OPCODE.ack, 2), bytesFromNumber(packet.block, 2)]);
    case "error":
      return concatBytes([
        bytesFromNumber(OPCODE.error, 2),
        bytesFromNumber(packet.code, 2),
        terminated(packet.message),
      ]);
    case "oack":
      return concatBytes([bytesFromNumber(OPCODE.oack, 2), ...encodeOptions(packet.options)]);
  }
}

function encodeData(block: number, data: Uint8Array): Uint8Array {
  const bytes = new Uint8Array(4 + data.length);
  writeData(bytes, 0, block, data);
  return bytes;
}

/** Writes a DATA packet at an offset. `block` must be 0..65535. */
export function writeData(bytes: Uint8Array, offset: number, block: number, data: Uint8Array): void {
  bytes[offset] = 0;
  bytes[offset + 1] = OPCODE.data;
  bytes[offset + 2] = block >> 8;
  bytes[offset + 3] = block & 0xff;
  bytes.set(data, offset + 4);
}

function encodeRequest(packet: TftpRrq | TftpWrq): Uint8Array {
  const bytes = concatBytes([
    bytesFromNumber(OPCODE[packet.kind], 2),
    terminated(packet.fileName),
    terminated(packet.mode),
    ...encodeOptions(packet.options),
  ]);
  if (bytes.length > MAX_REQUEST_LENGTH) {
    throw new EncodeError("too-large", `a request has at most ${MAX_REQUEST_LENGTH} bytes, not ${bytes.length}`);
  }
  return bytes;
}

function encodeOptions(options: readonly TftpOption[]): readonly Uint8Array[] {
  return options.flatMap(({ name, value }) => [terminated(name), terminated(value)]);
}

function terminated(text: string): Uint8Array {
  if (text.includes("\0")) throw new EncodeError("bad-value", `${JSON.stringify(text)} holds a NUL`);
  return bytesFromText(`${text}\0`);
}
