import {
  architectureOf,
  type Dhcp4Message,
  findOption,
  type MacAddress,
  macFromBytes,
  OPTION,
  readArchitectures,
  readIpxeFeatures,
  readMachineUuid,
  readTextOption,
  readUserClass,
} from "@railhead/wire";

/** The kinds of firmware that we may have a loader for; anything else is `other`. */
export const FIRMWARES = [
  "bios",
  "uefi-ia32",
  "uefi-x64",
  "uefi-arm32",
  "uefi-arm64",
  "uefi-riscv64",
  "uefi-loong64",
  "rpiboot",
] as const;
export type Firmware = (typeof FIRMWARES)[number] | "other";

/**
 * How far the client is: `rom` is a network boot ROM or UEFI firmware, `ipxe` an iPXE that fetches scripts,
 * `os` anything that only wants an address.
 */
export type ClientStage = "rom" | "ipxe" | "os";

/** The facts of a DHCP client that decide what it boots. */
export interface BootClient {
  readonly mac: MacAddress;
  readonly stage: ClientStage;
  readonly firmware: Firmware;
  /** An iPXE that lists what it can do, and HTTP is not in the list. */
  readonly ipxeWithoutHttp: boolean;
  /** Asks for a URL rather than a TFTP name (RFC 5970 section 3.3, vendor class `HTTPClient`). */
  readonly httpBoot: boolean;
  /** Canonical text, lower case. */
  readonly uuid?: string;
}

/** Why a message has no client that we could serve. */
export type NoClient = "hardware-not-ethernet" | "zero-hardware-address";

const ETHERNET = 1;
const ETHERNET_LENGTH = 6;

/**
 * Reads the client out of a DHCP message. The MAC in `chaddr` is its identity (rule R18): the client identifier
 * changes from one boot stage to the next and UUIDs are duplicated on cheap boards.
 *
 * iPXE is known by its user class or, because FlexBoot sends none, by the presence of option 175.
 *
 * @throws DecodeError when one of the options that matter is malformed.
 */
export function clientOf(message: Dhcp4Message): BootClient | { readonly reason: NoClient } {
  if (message.hardwareType !== ETHERNET || message.hardwareLength !== ETHERNET_LENGTH) {
    return { reason: "hardware-not-ethernet" };
  }
  const hardware = message.chaddr.subarray(0, ETHERNET_LENGTH);
  if (hardware.every((octet) => octet === 0)) return { reason: "zero-hardware-address" };

  const vendorClass = readTextOption(message, OPTION.vendorClass) ?? "";
  const httpBoot = vendorClass.startsWith("HTTPClient");
  const features = readIpxeFeatures(message)?.features;
  const ipxe = features !== undefined || readUserClass(message).includes("iPXE");
  const uuid = readMachineUuid(message);
  return {
    mac: macFromBytes(hardware),
    stage: ipxe ? "ipxe" : httpBoot || vendorClass.startsWith("PXEClient") ? "rom" : "os",
    firmware: isRaspberryPi(message, hardware) ? "rpiboot" : firmwareOf(readArchitectures(message)),
    ipxeWithoutHttp: features !== undefined && features.length > 0 && !features.includes("http"),
    httpBoot,
    ...(uuid === undefined ? {} : { uuid }),
  };
}

/** The vendor's address blocks, and what newer boot ROMs put in front of option 97. */
const RASPBERRY_PI_OUI = ["b8:27:eb", "dc:a6:32", "e4:5f:01", "28:cd:c1", "d8:3a:dd", "2c:cf:67"];
const RASPBERRY_PI_UUID = /^RPi\d/;

/**
 * A Raspberry Pi's boot ROM calls itself a BIOS (architecture 0), up to the Pi 4, and loads its own files by TFTP: it
 * must be told apart by its address, or by its machine identifier.
 */
function isRaspberryPi(message: Dhcp4Message, hardware: Uint8Array): boolean {
  const identifier = findOption(message, OPTION.uuid);
  if (identifier !== undefined && RASPBERRY_PI_UUID.test(String.fromCharCode(...identifier.subarray(1, 5))))
    return true;
  const oui = macFromBytes(hardware).slice(0, 8);
  return (
    RASPBERRY_PI_OUI.includes(oui) &&
    (readTextOption(message, OPTION.vendorClass) ?? "").startsWith("PXEClient:Arch:00000")
  );
}

/** The first architecture of the list that we know decides (RFC 4578 section 2.1 allows several). */
function firmwareOf(architectures: readonly number[]): Firmware {
  for (const id of architectures) {
    const kind = architectureOf(id)?.firmware;
    const known = FIRMWARES.find((firmware) => firmware === kind);
    if (known !== undefined) return known;
  }
  return "other";
}
