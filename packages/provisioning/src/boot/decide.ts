import type { Ipv4Address } from "@railhead/wire";
import type { BootClient, Firmware } from "./client.ts";

/** What the DHCP reply tells a client to load. */
export type BootDecision =
  | { readonly kind: "none"; readonly reason: "address-only" | "no-loader-for-firmware" | "http-boot-not-offered" }
  | { readonly kind: "chainload"; readonly file: string; readonly nextServer: Ipv4Address }
  | { readonly kind: "script"; readonly url: string; readonly nextServer: Ipv4Address };

/** What this server has to offer to a booting client. */
export interface BootServices {
  /** The TFTP server. */
  readonly nextServer: Ipv4Address;
  /** Of the iPXE script: `http://10.0.0.1:8080/boot.ipxe`. */
  readonly scriptUrl: string;
  /** TFTP names of the iPXE binaries. */
  readonly loaders: Readonly<Record<Exclude<Firmware, "other">, string>>;
}

/**
 * Firmware is sent to iPXE, iPXE to its script. An iPXE is never chainloaded again, so the loop
 * ROM -> iPXE -> iPXE cannot begin.
 */
export function decideBoot(client: BootClient, services: BootServices): BootDecision {
  switch (client.stage) {
    case "os":
      return { kind: "none", reason: "address-only" };
    case "ipxe":
      return { kind: "script", url: services.scriptUrl, nextServer: services.nextServer };
    case "rom":
      if (client.httpBoot) return { kind: "none", reason: "http-boot-not-offered" };
      if (client.firmware === "other") return { kind: "none", reason: "no-loader-for-firmware" };
      return { kind: "chainload", file: services.loaders[client.firmware], nextServer: services.nextServer };
  }
}
