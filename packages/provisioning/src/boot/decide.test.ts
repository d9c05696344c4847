import { clientMessage, firmwareOptions, ipxeOptions, LAB_SERVICES } from "@railhead/testkit";
import { bytesOption, type Dhcp4Option, OPTION, textOption } from "@railhead/wire";
import { expect, test } from "vitest";
import { clientOf } from "./client.ts";
import { decideBoot } from "./decide.ts";

function decisionFor(options: readonly Dhcp4Option[], mac = "52:54:00:aa:00:01"): string {
  const client = clientOf(clientMessage("discover", { options, mac }));
  if ("reason" in client) return client.reason;
  const decision = decideBoot(client, LAB_SERVICES);
  switch (decision.kind) {
    case "none":
      return decision.reason;
    case "raspberry-pi":
      return decision.kind;
    case "chainload":
      return decision.file;
    case "http":
    case "script":
      return decision.url;
  }
}

const FEATURES = bytesOption(OPTION.ipxe, new Uint8Array([0x13, 1, 1]));
/** An iPXE such as VirtualBox's, that can do TFTP only. */
const NO_HTTP = bytesOption(OPTION.ipxe, new Uint8Array([0x15, 1, 1, 0x18, 1, 1]));

test.each<readonly [string, readonly Dhcp4Option[], string]>([
  ["a BIOS ROM is sent to iPXE for BIOS", firmwareOptions(0), "undionly.kpxe"],
  ["64-bit UEFI is sent to iPXE for UEFI", firmwareOptions(7), "snponly.efi"],
  ["UEFI that calls itself EBC, as some 64-bit ones do, too", firmwareOptions(9), "snponly.efi"],
  [
    "an architecture only named in the vendor class counts",
    [textOption(OPTION.vendorClass, "PXEClient:Arch:00007:UNDI:003000")],
    "snponly.efi",
  ],
  ["iPXE is sent to its script, not chainloaded again", ipxeOptions(0), "http://10.77.0.1:8080/boot.ipxe"],
  ["iPXE on UEFI likewise", ipxeOptions(7), "http://10.77.0.1:8080/boot.ipxe"],
  [
    "an iPXE without a user class is known by option 175",
    [...firmwareOptions(0), FEATURES],
    "http://10.77.0.1:8080/boot.ipxe",
  ],
  ["firmware that we have no loader for gets an address only", firmwareOptions(11), "no-loader-for-firmware"],
  ["UEFI HTTP boot gets a URL", firmwareOptions(16, "HTTPClient"), "http://10.77.0.1:8080/boot/snponly.efi"],
  [
    "an iPXE that cannot do HTTP loads ours, by an absolute URL",
    [...firmwareOptions(0), NO_HTTP],
    "tftp://10.77.0.1/undionly.kpxe",
  ],
  ["an operating system gets an address only", [textOption(OPTION.vendorClass, "udhcp 1.35.0")], "address-only"],
  ["a client that says nothing of itself gets an address only", [], "address-only"],
])("%s", (_name, options, expected) => {
  expect(decisionFor(options)).toBe(expected);
});

test("a Raspberry Pi is known by its address or its machine identifier, though it calls itself a BIOS", () => {
  const fourcc = bytesOption(OPTION.uuid, new Uint8Array([0, 0x52, 0x50, 0x69, 0x34, ...new Uint8Array(12)]));
  expect(decisionFor(firmwareOptions(0), "dc:a6:32:00:00:01")).toBe("raspberry-pi");
  expect(decisionFor([...firmwareOptions(0), fourcc])).toBe("raspberry-pi");
  expect(decisionFor(firmwareOptions(41))).toBe("raspberry-pi");
  expect(decisionFor([], "dc:a6:32:00:00:01")).toBe("address-only");
});

test("a client in a boot loop is told nothing more to load", () => {
  const client = clientOf(clientMessage("discover", { options: firmwareOptions(0) }));
  if ("reason" in client) throw new Error(client.reason);
  expect(decideBoot(client, LAB_SERVICES, true)).toEqual({ kind: "none", reason: "boot-loop" });
});
