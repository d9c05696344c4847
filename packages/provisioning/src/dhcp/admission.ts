import { type Dhcp4Message, OPTION, readTextOption, readUserClass } from "@railhead/wire";
import type { BootClient } from "../boot/client.ts";
import type { Machine } from "../inventory/machine.ts";
import { type MacPattern, matchesMac } from "./mac-pattern.ts";

/** Whom a network answers. */
export interface AdmissionPolicy {
  /** `ignore`: only machines that the inventory declares are answered (MY-11). */
  readonly unknownMachines: "serve" | "ignore";
  /** These are never answered, declared or not. */
  readonly deny: readonly MacPattern[];
  /** Vendor classes (option 60) and user classes (option 77) that are not answered, by their beginning. */
  readonly ignoreClasses: readonly string[];
}

export type NotAdmitted = "denied" | "unknown-machine" | "ignored-class";

/** Why a client is not answered; `undefined` when it is. */
export function refuseAdmission(
  policy: AdmissionPolicy,
  message: Dhcp4Message,
  client: BootClient,
  machine: Machine | undefined,
): NotAdmitted | undefined {
  if (policy.deny.some((pattern) => matchesMac(pattern, client.mac))) return "denied";
  if (machine === undefined && policy.unknownMachines === "ignore") return "unknown-machine";
  if (policy.ignoreClasses.length === 0) return undefined;
  const classes = [readTextOption(message, OPTION.vendorClass) ?? "", ...readUserClass(message)];
  const ignored = policy.ignoreClasses.some((start) => classes.some((name) => name.startsWith(start)));
  return ignored ? "ignored-class" : undefined;
}
