import {
  type AnsweringMode,
  answerCapture,
  CAPTURED_CLIENTS,
  type CapturedAnswer,
  requestCaptures,
  summarize,
} from "@railhead/testkit";
import {
  describeDhcp4,
  fieldText,
  findOption,
  messageType,
  OPTION,
  readIpv4Option,
  readTextOption,
} from "@railhead/wire";
import { describe, expect, test } from "vitest";

const MODES = ["authoritative", "proxy"] as const;
const GOLDENS = new URL("../../testdata/replies/", import.meta.url);

describe.each(MODES)("%s", (mode) => {
  test.each(requestCaptures())("%s is answered as its golden says (`npm run docs` writes it)", async (capture) => {
    const golden = answerCapture(capture, mode).map(goldenOf).join("\n");
    await expect(golden).toMatchFileSnapshot(new URL(`${capture}.${mode}.txt`, GOLDENS).pathname);
  });

  test.each(CAPTURED_CLIENTS)("all captures of $who are answered alike", (client) => {
    expect(new Set(summarize(client, mode)).size).toBe(1);
  });
});

function goldenOf({ request, reply, how }: CapturedAnswer): string {
  const head = `--- ${request.index + 1}: ${messageType(request.message)}, ${request.title}`;
  return reply === undefined ? `${head}\nno reply: ${how}\n` : `${head}\nto: ${how}\n${describeDhcp4(reply)}`;
}

const IPXE = ["http://10.77.0.1:8080/boot.ipxe", "b00101"] as const;
const HTTP = "http://10.77.0.1:8080/boot/snponly.efi";
const USE_FILE_NAME = "060108ff";
const PI_MENU = "0601030a0400505845091400001152617370626572727920506920426f6f74ff";
const NOT_HEARD = "nobody listens on port 4011";

/** What the goldens must say, whoever regenerates them: written by hand, from the rules of PXE and the RFCs. */
const MUST: readonly (readonly [capture: string, index: number, authoritative: Facts, proxy: Facts])[] = [
  ["bios-ipxe-e1000", 0, offers(...IPXE), proxies(...IPXE)],
  ["bios-ipxe-git2026-rom", 0, offers(...IPXE), proxies(...IPXE)],
  ["bios-ipxe-proxydhcp-menu", 0, offers(...IPXE), proxies(...IPXE)],
  ["bios-ipxe-proxydhcp-menu", 5, NOT_HEARD, { ...proxies(...IPXE), type: "ack" }],
  ["bios-ipxe-proxydhcp-simple", 0, offers(...IPXE), proxies(...IPXE)],
  ["bios-ipxe-tftp-chain-undionly", 6, offers(...IPXE), proxies(...IPXE)],
  ["bios-ipxe-virtio", 0, offers(...IPXE), proxies(...IPXE)],
  ["bios-ipxe-virtio", 4, { ...offers(...IPXE), type: "ack" }, "address-is-anothers"],
  ["client-dhclient", 0, offers(), "address-only"],
  ["client-dhclient", 2, { ...offers(), type: "ack" }, "address-is-anothers"],
  ["client-dhclient", 6, "recorded as released", "address-is-anothers"],
  ["client-dhclient-nak", 0, refuses(), "address-is-anothers"],
  ["client-dhcping", 0, refuses(), "address-is-anothers"],
  ["client-dhcping", 3, { ...offers(), type: "ack", address: false }, "address-is-anothers"],
  ["client-networkd", 0, offers(), "address-only"],
  ["client-networkd", 4, "recorded as released", "address-is-anothers"],
  ["client-udhcpc", 0, offers(), "address-only"],
  ["client-udhcpc-decline", 4, "recorded as declined", "address-is-anothers"],
  ["client-udhcpc-init-reboot", 0, offers(), "address-only"],
  ["relay-serverside", 0, offers("snponly.efi"), proxies("snponly.efi")],
  ["relay-serverside", 4, offers(...IPXE), proxies(...IPXE)],
  ["synthetic", 0, offers("undionly.kpxe"), proxies("undionly.kpxe")],
  ["synthetic", 1, { ...offers("undionly.kpxe"), type: "ack" }, "address-is-anothers"],
  ["synthetic", 2, NOT_HEARD, { ...proxies("undionly.kpxe"), type: "ack", vendor: "060108470480000000ff" }],
  ["synthetic", 3, offers("undionly.kpxe"), proxies("undionly.kpxe")],
  ["synthetic", 4, raspberryPi(offers()), raspberryPi(proxies())],
  ["synthetic", 5, raspberryPi(offers()), raspberryPi(proxies())],
  ["synthetic", 6, raspberryPi(offers()), raspberryPi(proxies())],
  ["synthetic", 7, offers(...IPXE), proxies(...IPXE)],
  ["synthetic", 8, offers(...IPXE), proxies(...IPXE)],
  ["synthetic", 9, offers("snponly.efi"), proxies("snponly.efi")],
  ["uefi-http-ipxe2026-autoexec", 0, httpBoot(offers(HTTP)), httpBoot(proxies(HTTP))],
  ["uefi-http-ovmf", 0, httpBoot(offers(HTTP)), httpBoot(proxies(HTTP))],
  ["uefi-http-ovmf", 2, httpBoot({ ...offers(HTTP), type: "ack" }), "address-is-anothers"],
  ["uefi-ipxe-efirom-virtio", 0, offers(...IPXE), proxies(...IPXE)],
  ["uefi-pxe-ipxe2026-autoexec", 0, offers("snponly.efi"), proxies("snponly.efi")],
  ["uefi-pxe-ipxe2026-noautoexec", 4, offers(...IPXE), proxies(...IPXE)],
  ["uefi-pxe-ovmf", 0, offers("snponly.efi"), proxies("snponly.efi")],
  ["uefi-pxe-ovmf", 2, { ...offers("snponly.efi"), type: "ack" }, "address-is-anothers"],
  ["uefi-pxe-proxydhcp-simple", 5, NOT_HEARD, { ...proxies("snponly.efi"), type: "ack" }],
  ["uefi-pxe-secureboot-shim-grub", 0, offers("snponly.efi"), proxies("snponly.efi")],
  ["uefi-pxe-secureboot-shim-grub", 4, httpBoot(offers(HTTP)), httpBoot(proxies(HTTP))],
  ["uefi-pxe-secureboot-shim-grub-filehdr", 0, offers("snponly.efi"), proxies("snponly.efi")],
];

test("every capture has a fact that was written by hand, and a row in the table of clients", () => {
  const facts = new Set(MUST.map(([capture]) => capture));
  const rows = new Set(CAPTURED_CLIENTS.flatMap(({ packets }) => packets.map(([capture]) => capture)));
  expect(requestCaptures().filter((capture) => !facts.has(capture))).toEqual([]);
  expect(requestCaptures().filter((capture) => !rows.has(capture))).toEqual([]);
});

test.each(MUST)("%s, packet %i: what its goldens must say", (capture, index, authoritative, proxy) => {
  expect(factsOf(capture, index, "authoritative")).toEqual(authoritative);
  expect(factsOf(capture, index, "proxy")).toEqual(proxy);
});

type Facts = ReplyFacts | string;

interface ReplyFacts {
  readonly type: string;
  readonly address: boolean;
  /** In the header and in option 67 alike (R3). */
  readonly file: string;
  readonly nextServer: string;
  readonly serverId: string;
  readonly mask: string | undefined;
  readonly vendorClass: string | undefined;
  readonly vendor: string;
  readonly ipxe: string;
}

/** What an authoritative offer says. */
function offers(file = "", ipxe = ""): ReplyFacts {
  return {
    type: "offer",
    address: true,
    file: `${file}|${file}`,
    nextServer: file === "" ? "0.0.0.0" : "10.77.0.1",
    serverId: "10.77.0.1",
    mask: "255.255.255.0",
    vendorClass: undefined,
    vendor: "",
    ipxe,
  };
}

function proxies(file = "", ipxe = ""): ReplyFacts {
  return { ...offers(file, ipxe), address: false, mask: undefined, vendorClass: "PXEClient", vendor: USE_FILE_NAME };
}

function refuses(): ReplyFacts {
  return { ...offers(), type: "nak", address: false, mask: undefined };
}

function httpBoot(facts: ReplyFacts): ReplyFacts {
  return { ...facts, vendorClass: "HTTPClient", vendor: "" };
}

function raspberryPi(facts: ReplyFacts): ReplyFacts {
  return { ...facts, nextServer: "10.77.0.1", vendorClass: "PXEClient", vendor: PI_MENU };
}

function factsOf(capture: string, index: number, mode: AnsweringMode): Facts | undefined {
  const answer = answerCapture(capture, mode).find(({ request }) => request.index === index);
  const reply = answer?.reply;
  if (reply === undefined) return answer?.how;
  return {
    type: messageType(reply) ?? "",
    address: reply.yiaddr !== "0.0.0.0" && findOption(reply, OPTION.leaseTime) !== undefined,
    file: `${fieldText(reply.file)}|${readTextOption(reply, OPTION.bootFile) ?? ""}`,
    nextServer: reply.siaddr,
    serverId: readIpv4Option(reply, OPTION.serverId) ?? "",
    mask: readIpv4Option(reply, OPTION.subnetMask),
    vendorClass: readTextOption(reply, OPTION.vendorClass),
    vendor: hex(findOption(reply, OPTION.vendorSpecific)),
    ipxe: hex(findOption(reply, OPTION.ipxe)),
  };
}

function hex(bytes: Uint8Array = new Uint8Array()): string {
  return Buffer.from(bytes).toString("hex");
}
