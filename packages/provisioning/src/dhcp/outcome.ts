import type { Dhcp4Message } from "@railhead/wire";
import type { NoClient } from "../boot/client.ts";
import type { BootDecision, NoBoot } from "../boot/decide.ts";
import type { NotAdmitted } from "./admission.ts";
import type { Binding } from "./binding.ts";

/** Why a DHCP message gets no reply. The same words stand in the log and in the tests. */
export type DhcpIgnoreReason =
  | NoClient
  | NotAdmitted
  | NoBoot
  | "address-is-looked-for"
  | "dhcp-is-off"
  | "address-is-anothers"
  | "not-for-a-boot-server"
  | "not-a-request"
  | "no-message-type"
  | "server-message-type"
  | "unknown-subnet"
  | "another-server-selected"
  | "request-without-address"
  /** The network has no pool, and nothing is reserved for this client there. */
  | "no-reservation"
  | "pool-exhausted"
  | "reserved-address-in-use"
  | "not-the-holder";

/** What to do about one DHCP message. */
export type DhcpOutcome =
  | { readonly kind: "ignore"; readonly reason: DhcpIgnoreReason }
  /** Nothing to send, but something to remember: a DECLINE or a RELEASE. */
  | { readonly kind: "record"; readonly binding: Binding }
  | {
      readonly kind: "reply";
      readonly reply: Dhcp4Message;
      /** To be applied and, where it is a lease, made durable before the reply leaves. */
      readonly binding?: Binding;
      /** The address has never been leased: nobody knows yet that no host of the network uses it. */
      readonly unverified?: true;
      readonly boot?: BootDecision;
    };
