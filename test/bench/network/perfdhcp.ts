import { runCommand } from "@railhead/testkit";
import type { Cable } from "./cable.ts";
import { SITE } from "./cable.ts";
import type { PeerPrograms } from "./peer-programs.ts";

export interface Load {
  /** Four-way exchanges begun each second. */
  readonly rate: number;
  readonly clients: number;
  readonly seconds: number;
}

export interface LoadResult {
  readonly discovers: number;
  readonly acks: number;
  /** From the first packet's turn to the last one's, without the wait for stragglers. */
  readonly seconds: number;
  /** Mean time from DISCOVER to OFFER and from REQUEST to ACK. */
  readonly offerMs: number;
  readonly ackMs: number;
}

const STRAGGLERS_US = 400_000;

/** Kea's own load generator, as a relay on the client's end of the cable. */
export async function runPerfdhcp(
  cable: Cable,
  programs: PeerPrograms,
  { rate, clients, seconds }: Load,
): Promise<LoadResult> {
  const load = ["-r", String(rate), "-R", String(clients), "-p", String(seconds), "-W", String(STRAGGLERS_US)];
  const { stdout, stderr } = await runCommand(
    cable.client.enter([
      programs.path("perfdhcp"),
      ...["-4", "-l", SITE.clientInterface, "-s", "1", ...load, SITE.server],
    ]),
    { environment: programs.environment },
  );
  return { ...parsePerfdhcp(stdout.toString() + stderr), seconds };
}

/** Reads what perfdhcp prints at its end. @throws Error when it is something else */
export function parsePerfdhcp(text: string): Omit<LoadResult, "seconds"> {
  const [, discoverOffer = "", requestAck = ""] = text.split(
    /\*\*\*Statistics for: (?:DISCOVER-OFFER|REQUEST-ACK)\*\*\*/,
  );
  const figure = (part: string, name: string): number => {
    const value = new RegExp(`^${name}: ([0-9.]+)`, "m").exec(part)?.[1];
    if (value === undefined) throw new Error(`perfdhcp said no "${name}": ${text}`);
    return Number(value);
  };
  const delay = (part: string) => (/^received packets: 0$/m.test(part) ? Number.NaN : figure(part, "avg delay"));
  return {
    discovers: figure(discoverOffer, "sent packets"),
    acks: figure(requestAck, "received packets"),
    offerMs: delay(discoverOffer),
    ackMs: delay(requestAck),
  };
}
