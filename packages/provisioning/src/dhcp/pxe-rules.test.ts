/**
 * The rules of PXE that firmware taught, R1 to R18, as far as a decision can keep them. They hold for every reply to
 * every captured client. The others: R5, R6 and R12 in boot-server/src/dhcp/pxe-rules.test.ts, R11 and R12 on a real
 * socket in test/integration/dhcp-proxy.test.ts, R14 to R17 beside TFTP. test/structure/pxe-rules.test.ts sees to it
 * that none is without a test.
 */
import {
  answerCapture,
  type CapturedAnswer,
  capturedRequests,
  clientMessage,
  ipxeOptions,
  LAB_SERVICES,
  labNetwork,
  requestCaptures,
} from "@railhead/testkit";
import {
  type Dhcp4Message,
  fieldText,
  findOption,
  messageType,
  OPTION,
  readIpv4Option,
  readTextOption,
  ZERO_IPV4,
} from "@railhead/wire";
import { describe, expect, test } from "vitest";
import { clientOf } from "../boot/client.ts";
import { buildInventory } from "../inventory/inventory.ts";
import { BindingTable } from "./binding-table.ts";
import { respond } from "./respond.ts";

const SERVER = "10.77.0.1";

interface Reply extends CapturedAnswer {
  readonly reply: Dhcp4Message;
}

const isReply = (answer: CapturedAnswer): answer is Reply => answer.reply !== undefined;
const AUTHORITATIVE = requestCaptures().flatMap((name) => answerCapture(name, "authoritative").filter(isReply));
const PROXY = requestCaptures().flatMap((name) => answerCapture(name, "proxy").filter(isReply));
const ALL = [...AUTHORITATIVE, ...PROXY];
const WITH_FILE = ALL.filter(({ reply }) => fieldText(reply.file) !== "");
const WITH_ADDRESS = ALL.filter(({ reply }) => findOption(reply, OPTION.leaseTime) !== undefined);

const { inventory } = buildInventory({ machines: [], groups: [], profiles: [], ignitionFiles: new Set() });

const stageOf = ({ request }: CapturedAnswer) => {
  const client = clientOf(request.message);
  return "reason" in client ? client.reason : client.httpBoot ? "http" : client.stage;
};
const isRaspberryPi = ({ request }: CapturedAnswer) => /raspberry|rpiboot/.test(request.title);
/** Those replies that break a rule, by where their request stands. */
const breaking = (replies: readonly Reply[], keeps: (reply: Dhcp4Message, answer: Reply) => boolean) =>
  replies.filter((answer) => !keeps(answer.reply, answer)).map(({ request }) => `${request.capture} ${request.index}`);

/** What a server with an empty table answers. */
function replyTo(message: Dhcp4Message, services = LAB_SERVICES): string | Dhcp4Message {
  const network = labNetwork();
  const outcome = respond({ message, network, services, inventory, bindings: new BindingTable(network), now: 0 });
  return outcome.kind === "reply" ? outcome.reply : outcome.kind === "ignore" ? outcome.reason : outcome.kind;
}

test("there are replies of each kind, so that the rules below are tried", () => {
  expect(AUTHORITATIVE.length).toBeGreaterThan(50);
  expect(PROXY.length).toBeGreaterThan(25);
  expect(WITH_FILE.length).toBeGreaterThan(50);
  expect(new Set(ALL.map(stageOf))).toEqual(new Set(["rom", "http", "ipxe", "os"]));
  expect(ALL.some(isRaspberryPi)).toBe(true);
});

test("R1: the server identifier is in every reply, also in a proxy's and in a NAK", () => {
  expect(breaking(ALL, (reply) => readIpv4Option(reply, OPTION.serverId) === SERVER)).toEqual([]);
});

test("R2: siaddr is the TFTP server wherever there is something to load", () => {
  expect(breaking(WITH_FILE, ({ siaddr }) => siaddr === SERVER)).toEqual([]);
});

describe("R3: the file's name", () => {
  test("R3: stands in the header and in option 67, identical", () => {
    expect(breaking(ALL, (reply) => (readTextOption(reply, OPTION.bootFile) ?? "") === fieldText(reply.file))).toEqual(
      [],
    );
  });

  test("R3: stands in option 67 alone when the header has no room for it", () => {
    const scriptUrl = `http://10.77.0.1:8080/${"a".repeat(120)}/boot.ipxe`;
    const reply = replyTo(clientMessage("discover", { options: ipxeOptions(0) }), { ...LAB_SERVICES, scriptUrl });
    expect(reply).toMatchObject({ siaddr: SERVER, file: new Uint8Array(128) });
    expect(typeof reply === "object" && readTextOption(reply, OPTION.bootFile)).toBe(scriptUrl);
  });
});

test("R4: nothing is ever put into another field by option 52", () => {
  expect(breaking(ALL, (reply) => findOption(reply, OPTION.overload) === undefined)).toEqual([]);
  expect(breaking(ALL, ({ sname }) => sname.every((octet) => octet === 0))).toEqual([]);
});

test("R6: who has no address is answered by broadcast, and gets its broadcast flag back", () => {
  const direct = ALL.filter(({ request: { message, port } }) => port === 67 && message.giaddr === ZERO_IPV4);
  const addressless = direct.filter(({ request }) => request.message.ciaddr === ZERO_IPV4);
  expect(breaking(addressless, (_reply, { how }) => how === "broadcast")).toEqual([]);
  expect(breaking(direct, (reply, { request }) => reply.broadcast === request.message.broadcast)).toEqual([]);
});

test("R7: who gets an address gets its subnet mask, asked for or not", () => {
  expect(WITH_ADDRESS.length).toBeGreaterThan(30);
  expect(breaking(WITH_ADDRESS, (reply) => readIpv4Option(reply, OPTION.subnetMask) === "255.255.255.0")).toEqual([]);
});

describe("R8: the vendor class of a reply with an address", () => {
  const classOf = (reply: Dhcp4Message) => readTextOption(reply, OPTION.vendorClass);

  test("R8: is not there for PXE firmware, which it would send to port 4011", () => {
    const pxe = AUTHORITATIVE.filter((answer) => ["rom", "ipxe"].includes(stageOf(answer)) && !isRaspberryPi(answer));
    expect(breaking(pxe, (reply) => classOf(reply) === undefined)).toEqual([]);
  });

  test("R8: is HTTPClient for UEFI HTTP boot, whose file is an absolute URL", () => {
    const http = ALL.filter((answer) => stageOf(answer) === "http");
    const keeps = (reply: Dhcp4Message) =>
      classOf(reply) === "HTTPClient" && fieldText(reply.file).startsWith("http://10.77.0.1:8080/");
    expect(http.length).toBeGreaterThan(5);
    expect(breaking(http, keeps)).toEqual([]);
  });
});

test("R9: iPXE, and nobody else, is told not to wait for a proxyDHCP server", () => {
  const keeps = (reply: Dhcp4Message, answer: Reply) =>
    Buffer.from(findOption(reply, OPTION.ipxe) ?? []).toString("hex") === (stageOf(answer) === "ipxe" ? "b00101" : "");
  expect(breaking(AUTHORITATIVE, keeps)).toEqual([]);
});

test("R10: a proxy's offer is of the form that all PXE firmware takes", () => {
  const pxe = PROXY.filter((answer) => ["rom", "ipxe"].includes(stageOf(answer)) && !isRaspberryPi(answer));
  const offers = pxe.filter(({ reply }) => messageType(reply) === "offer");
  const keeps = (reply: Dhcp4Message, { request }: Reply) =>
    reply.yiaddr === ZERO_IPV4 &&
    reply.siaddr === SERVER &&
    fieldText(reply.file) !== "" &&
    readTextOption(reply, OPTION.vendorClass) === "PXEClient" &&
    Buffer.from(findOption(reply, OPTION.vendorSpecific) ?? []).toString("hex") === "060108ff" &&
    Buffer.compare(
      findOption(reply, OPTION.uuid) ?? Buffer.of(),
      findOption(request.message, OPTION.uuid) ?? Buffer.of(),
    ) === 0;
  expect(offers.length).toBeGreaterThan(15);
  expect(breaking(offers, keeps)).toEqual([]);
});

test("R12: on port 4011 a request needs neither options 50 and 54 nor a plausible `secs`", () => {
  const asked = PROXY.filter(({ request }) => request.port === 4011);
  expect(asked.length).toBeGreaterThan(2);
  expect(breaking(asked, (reply, { how }) => messageType(reply) === "ack" && how.startsWith("unicast"))).toEqual([]);
});

describe("R13: a NAK", () => {
  test("R13: is for an address that is certainly not the client's, and for nothing else that was captured", () => {
    const naks = ALL.filter(({ reply }) => messageType(reply) === "nak");
    expect(naks.map(({ request }) => `${request.capture} ${request.index}`)).toEqual([
      "client-dhclient-nak 0",
      "client-dhcping 0",
    ]);
  });

  test.each([
    [
      "whoever takes another server's offer",
      { requested: "10.77.0.100", serverId: "10.77.0.9" },
      "another-server-selected",
    ],
    [
      "whoever takes another server's offer of another network",
      { requested: "192.0.2.7", serverId: "192.0.2.1" },
      "another-server-selected",
    ],
    ["a request without any address", {}, "request-without-address"],
  ])("R13: is not for %s", (_who, fields, expected) => {
    expect(replyTo(clientMessage("request", fields))).toBe(expected);
  });

  test("R13: is not for a renewal that a relay of another network forwards", () => {
    const reply = replyTo(clientMessage("request", { ciaddr: "10.77.0.100", giaddr: "10.99.0.1" }));
    expect(typeof reply === "object" && messageType(reply)).toBe("ack");
  });
});

test("R18: a machine is its MAC: it is offered one address, whatever identifiers each of its stages sends", () => {
  const stages = requestCaptures()
    .flatMap((name) => capturedRequests(name))
    .filter(({ message }) => messageType(message) === "discover" && message.giaddr === ZERO_IPV4)
    .map(({ message }) => ({ ...message, chaddr: clientMessage("discover").chaddr }));
  const clientIds = stages.map((stage) => Buffer.from(findOption(stage, OPTION.clientId) ?? []).toString("hex"));
  expect(new Set(clientIds).size).toBeGreaterThan(5);

  const network = labNetwork();
  const bindings = new BindingTable(network);
  const addresses = stages.map((message) => {
    const outcome = respond({ message, network, services: LAB_SERVICES, inventory, bindings, now: 0 });
    if (outcome.kind !== "reply" || outcome.binding === undefined) throw new Error(outcome.kind);
    bindings.apply(outcome.binding);
    return outcome.reply.yiaddr;
  });
  expect(new Set(addresses)).toEqual(new Set(["10.77.0.100"]));
});
