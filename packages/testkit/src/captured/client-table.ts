import {
  type Dhcp4Message,
  fieldText,
  findOption,
  hexFromBytes,
  messageType,
  OPTION,
  readTextOption,
} from "@railhead/wire";
import { type AnsweringMode, answerCapture, type CapturedAnswer } from "./captured-answers.ts";

/** A kind of client, and the captured requests of its kind. */
export interface CapturedClient {
  readonly who: string;
  readonly packets: readonly (readonly [capture: string, index: number])[];
}

/** Every captured client, for docs/clients.md. All packets of a row are answered alike. */
export const CAPTURED_CLIENTS: readonly CapturedClient[] = [
  { who: "Intel's PXE 2.1 ROM, BIOS", packets: [["synthetic", 0]] },
  { who: "the same, of a boot server about a boot item (port 4011)", packets: [["synthetic", 2]] },
  { who: "a BIOS ROM without a machine identifier", packets: [["synthetic", 3]] },
  {
    who: "iPXE ROM of QEMU (2019) and its successors, BIOS",
    packets: [
      ["bios-ipxe-virtio", 0],
      ["bios-ipxe-e1000", 0],
      ["bios-ipxe-git2026-rom", 0],
      ["bios-ipxe-proxydhcp-simple", 0],
      ["bios-ipxe-proxydhcp-menu", 0],
    ],
  },
  { who: "`undionly.kpxe`, once it runs", packets: [["bios-ipxe-tftp-chain-undionly", 6]] },
  { who: "iPXE, BIOS, of a boot server (port 4011)", packets: [["bios-ipxe-proxydhcp-menu", 5]] },
  { who: "Mellanox FlexBoot: iPXE without a user class", packets: [["synthetic", 7]] },
  {
    who: "OVMF, PXE, also with Secure Boot",
    packets: [
      ["uefi-pxe-ovmf", 0],
      ["uefi-pxe-ipxe2026-autoexec", 0],
      ["uefi-pxe-ipxe2026-noautoexec", 0],
      ["uefi-pxe-proxydhcp-simple", 0],
      ["uefi-pxe-secureboot-shim-grub", 0],
      ["uefi-pxe-secureboot-shim-grub-filehdr", 0],
    ],
  },
  { who: "OVMF, of a boot server (port 4011)", packets: [["uefi-pxe-proxydhcp-simple", 5]] },
  { who: "OVMF, PXE, through a relay", packets: [["relay-serverside", 0]] },
  { who: "UEFI that lists several architectures", packets: [["synthetic", 9]] },
  {
    who: "OVMF, HTTP boot",
    packets: [
      ["uefi-http-ovmf", 0],
      ["uefi-http-ipxe2026-autoexec", 0],
      ["uefi-pxe-secureboot-shim-grub", 4],
    ],
  },
  {
    who: "iPXE on UEFI: option ROM, or `snponly.efi` once it runs",
    packets: [
      ["uefi-ipxe-efirom-virtio", 0],
      ["uefi-pxe-ovmf", 4],
      ["uefi-http-ovmf", 4],
      ["uefi-pxe-ipxe2026-noautoexec", 4],
      ["uefi-pxe-proxydhcp-simple", 7],
    ],
  },
  { who: "iPXE on UEFI with a user class as RFC 3004 has it", packets: [["synthetic", 8]] },
  { who: "iPXE on UEFI, through a relay", packets: [["relay-serverside", 4]] },
  {
    who: "Raspberry Pi 4 and older, that call themselves a BIOS",
    packets: [
      ["synthetic", 4],
      ["synthetic", 5],
    ],
  },
  { who: "Raspberry Pi by its architecture (41)", packets: [["synthetic", 6]] },
  {
    who: "dhclient, systemd-networkd, udhcpc",
    packets: [
      ["client-dhclient", 0],
      ["client-dhclient-nak", 2],
      ["client-networkd", 0],
      ["client-udhcpc", 0],
      ["client-udhcpc-decline", 0],
      ["client-udhcpc-init-reboot", 0],
    ],
  },
  {
    who: "the same, taking the offer",
    packets: [
      ["client-dhclient", 2],
      ["client-networkd", 2],
      ["client-udhcpc", 2],
    ],
  },
  { who: "dhclient that comes from another network", packets: [["client-dhclient-nak", 0]] },
  { who: "udhcpc whose address somebody else has", packets: [["client-udhcpc-decline", 4]] },
  {
    who: "dhclient and systemd-networkd that end",
    packets: [
      ["client-dhclient", 6],
      ["client-networkd", 4],
    ],
  },
  { who: "dhcping, about an address outside the pool", packets: [["client-dhcping", 0]] },
  { who: "dhcping, for configuration only", packets: [["client-dhcping", 3]] },
];

/** What each packet of a row is answered, in a few words of Markdown. */
export function summarize({ packets }: CapturedClient, mode: AnsweringMode): readonly string[] {
  return packets.map(([capture, index]) => {
    const answer = answerCapture(capture, mode).find(({ request }) => request.index === index);
    if (answer === undefined) throw new Error(`${capture} has no request ${index} that is not a repetition`);
    return summarizeAnswer(answer);
  });
}

/** The table of docs/clients.md. */
export function clientTable(): string {
  const rows = CAPTURED_CLIENTS.map((client) => {
    const [authoritative = "", proxy = ""] = (["authoritative", "proxy"] as const).map(
      (mode) => summarize(client, mode)[0],
    );
    return `| ${client.who} | ${askedBy(client)} | ${authoritative} | ${proxy} |`;
  });
  return ["| Client | Asks | Authoritative | Proxy |", "|---|---|---|---|", ...rows].join("\n");
}

/** The kind of message, and the class that the client says it is of. */
function askedBy({ packets: [first] }: CapturedClient): string {
  const [capture = "", index] = first ?? [];
  const request = answerCapture(capture, "proxy").find((answer) => answer.request.index === index)?.request;
  if (request === undefined) throw new Error(`${capture} has no request ${index}`);
  const vendorClass = readTextOption(request.message, OPTION.vendorClass);
  const type = (messageType(request.message) ?? "").toUpperCase();
  const known = vendorClass?.replace(/:UNDI:.*$/, "");
  return known === undefined ? type : `${type}, \`${known}\``;
}

function summarizeAnswer({ reply, how }: CapturedAnswer): string {
  if (reply === undefined) return how.startsWith("recorded") ? `nothing; ${how}` : `nothing (${how})`;
  const type = (messageType(reply) ?? "").toUpperCase();
  const grants = findOption(reply, OPTION.leaseTime) !== undefined;
  return [
    type === "NAK" ? type : `${type} ${grants ? "with an address" : "without an address"}`,
    ...bootFacts(reply),
    ...(reply.options.at(-1)?.code === OPTION.relayInfo ? ["82 echoed last"] : []),
    how === "relay" ? "to the relay" : how,
  ].join("; ");
}

function bootFacts(reply: Dhcp4Message): readonly string[] {
  const file = fieldText(reply.file);
  const vendorClass = readTextOption(reply, OPTION.vendorClass);
  const vendor = findOption(reply, OPTION.vendorSpecific);
  const ipxe = findOption(reply, OPTION.ipxe);
  return [
    ...(file === "" ? [] : [`\`${file}\``]),
    ...(vendorClass === undefined ? [] : [`60 \`${vendorClass}\``]),
    ...(vendor === undefined ? [] : [`43 \`${hexFromBytes(vendor)}\``]),
    ...(ipxe === undefined ? [] : [`175 \`${hexFromBytes(ipxe)}\``]),
  ];
}
