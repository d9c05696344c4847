import type { Ipv4Address } from "@railhead/wire";
import type { BootClient, Firmware } from "./client.ts";

/** What the DHCP reply tells a client to load. */
export type BootDecision =
  | { readonly kind: "none"; readonly reason: NoBoot }
  /** A file over TFTP: `snponly.efi`. */
  | { readonly kind: "chainload"; readonly file: string; readonly nextServer: Ipv4Address }
  /** A file over HTTP, for firmware that boots from URLs (RFC 5970 section 3.3). */
  | { readonly kind: "http"; readonly url: string; readonly nextServer: Ipv4Address }
  /** A Raspberry Pi's ROM names its files itself, once it knows that this is its server. */
  | { readonly kind: "raspberry-pi"; readonly nextServer: Ipv4Address }
  /** iPXE's script. */
  | { readonly kind: "script"; readonly url: string; readonly nextServer: Ipv4Address };

/** Why a client is told to load nothing. */
export type NoBoot = "address-only" | "no-loader-for-firmware" | "boot-loop";

/** What this server has to offer to a booting client. */
export interface BootServices {
  /** The TFTP server. */
  readonly nextServer: Ipv4Address;
  /** Of the iPXE script: `http://10.0.0.1:8080/boot.ipxe`. */
  readonly scriptUrl: string;
  /** Where the loaders are over HTTP, without a slash at the end: `http://10.0.0.1:8080/boot`. */
  readonly loadersUrl: string;
  /** Names of the loaders, over TFTP and HTTP alike; a firmware without one is not booted. */
  readonly loaders: Readonly<Partial<Record<Firmware, string>>>;
}

/**
 * Firmware is sent to a loader, iPXE to its script. An iPXE is not chainloaded again, so the loop
 * ROM -> iPXE -> iPXE cannot begin; unless it says that it cannot do HTTP, and so could not fetch its script: then it
 * loads ours, which can.
 *
 * @param looping the client has been sent to its loader again and again, and never got further: it is let go, so that
 * its firmware goes on to the next boot device
 */
export function decideBoot(client: BootClient, services: BootServices, looping = false): BootDecision {
  const decision = decideFor(client, services);
  return looping && decision.kind === "chainload" ? { kind: "none", reason: "boot-loop" } : decision;
}

function decideFor(client: BootClient, services: BootServices): BootDecision {
  const { nextServer, loaders, loadersUrl, scriptUrl } = services;
  const loader = loaders[client.firmware];
  switch (client.stage) {
    case "os":
      return { kind: "none", reason: "address-only" };
    case "ipxe":
      if (client.ipxeWithoutHttp && loader !== undefined) {
        // An absolute URL: what an iPXE makes of a bare name depends on its age.
        return { kind: "chainload", file: `tftp://${nextServer}/${loader}`, nextServer };
      }
      return { kind: "script", url: scriptUrl, nextServer };
    case "rom":
      if (client.firmware === "rpiboot") return { kind: "raspberry-pi", nextServer };
      if (loader === undefined) return { kind: "none", reason: "no-loader-for-firmware" };
      if (client.httpBoot) return { kind: "http", url: `${loadersUrl}/${loader}`, nextServer };
      return { kind: "chainload", file: loader, nextServer };
  }
}
