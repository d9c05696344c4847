import { type Cable, layCable } from "../network/cable.ts";
import type { Daemon } from "../network/daemon.ts";
import {
  type StartDhcp,
  startDnsmasq,
  startFloor,
  startIscDhcpd,
  startKea,
  startRailhead,
} from "../network/dhcp-servers.ts";
import { type PeerPrograms, peerPrograms } from "../network/peer-programs.ts";
import { runPerfdhcp } from "../network/perfdhcp.ts";
import { preferThisSession } from "../network/preference.ts";
import { sustainedRate } from "../network/sustained-rate.ts";
import { ratios } from "../report/summary.ts";
import { scoped } from "../scope.ts";
import type { Bench, Row, Suite } from "../suite.ts";

const ROUNDS = 3;
/** A cold server meets none of them again: perfdhcp draws its clients at random. */
const COLD_CLIENTS = 50_000;

interface Contender {
  readonly what: string;
  readonly start: StartDhcp;
  /** Leases held before, each by one of as many clients; 0: cold, started afresh for each probe. */
  readonly leases: number;
  /** Where the search begins, in exchanges a second. */
  readonly guess: number;
}

const CONTENDERS = {
  railhead: { what: "railhead, 10,000 leases", start: startRailhead, leases: 10_000, guess: 6500 },
  kea: { what: "Kea with a memfile (no fsync), 10,000 leases", start: startKea, leases: 10_000, guess: 6500 },
  floor: { what: "the floor: bare dgram and a journal", start: startFloor, leases: 10_000, guess: 6500 },
  railhead100: { what: "railhead, 100 leases", start: startRailhead, leases: 100, guess: 6500 },
  railhead50k: { what: "railhead, 50,000 leases", start: startRailhead, leases: 50_000, guess: 6500 },
  railheadCold: { what: "railhead, cold", start: startRailhead, leases: 0, guess: 4000 },
  iscCold: { what: "ISC dhcpd, cold", start: startIscDhcpd, leases: 0, guess: 800 },
  railhead1k: { what: "railhead, 1,000 leases", start: startRailhead, leases: 1000, guess: 6500 },
  dnsmasq1k: { what: "dnsmasq, 1,000 leases", start: startDnsmasq, leases: 1000, guess: 450 },
} satisfies Readonly<Record<string, Contender>>;

type Name = keyof typeof CONTENDERS;

interface Measured {
  readonly rate: number;
  readonly dropped: number;
  readonly cpuMicroseconds: number;
  readonly offerMs: number;
  readonly ackMs: number;
}

/** Four-way exchanges a second with every lease durable before its ACK, beside the servers of the field. */
export const dhcpSuite: Suite = {
  name: "dhcp",
  group: "network",
  needs: ["root", "built command", "dnsmasq", "dpkg", "ip", "nsenter", "setpriv", "unshare"],
  run: async (bench) => {
    await preferThisSession(bench);
    const place = { bench, cable: await layCable(bench), programs: await peerPrograms(bench) };
    const measured = new Map<Name, Measured[]>();
    for (let round = 1; round <= ROUNDS; round += 1) {
      for (const name of names()) {
        bench.signal.throwIfAborted();
        const result = await measure(place, CONTENDERS[name]);
        bench.say(`round ${round} of ${ROUNDS}: ${CONTENDERS[name].what}: ${Math.round(result.rate)}/s`);
        measured.set(name, [...(measured.get(name) ?? []), result]);
      }
    }
    return rows((name) => measured.get(name) ?? []);
  },
};

function names(): readonly Name[] {
  return Object.keys(CONTENDERS).filter((name): name is Name => name in CONTENDERS);
}

interface Place {
  readonly bench: Bench;
  readonly cable: Cable;
  readonly programs: PeerPrograms;
}

async function measure(place: Place, { start, leases, guess, what }: Contender): Promise<Measured> {
  const clients = leases === 0 ? COLD_CLIENTS : leases;
  let cpuSeconds = 0;
  const probeOn = async (server: Daemon, rate: number, seconds: number) => {
    place.bench.signal.throwIfAborted();
    const before = server.cpuSeconds();
    const result = await runPerfdhcp(place.cable, place.programs, { rate, seconds, clients });
    cpuSeconds = server.cpuSeconds() - before;
    return result;
  };
  const running = <T>(part: (server: Daemon) => Promise<T>) =>
    scoped(place.bench, what, async (lifetime) =>
      part(
        await lifetime.acquire({
          resource: what,
          acquire: () => start({ ...place, leases }),
          release: (daemon) => daemon.stop(),
        }),
      ),
    );
  const { acks, discovers, offerMs, ackMs, seconds } =
    leases === 0
      ? await sustainedRate((rate, length) => running((server) => probeOn(server, rate, length)), guess)
      : await running(async (server) => {
          await probeOn(server, guess / 2, 2); // both sides' code and caches warm up
          return sustainedRate((rate, length) => probeOn(server, rate, length), guess);
        });
  const dropped = 100 * (1 - acks / discovers);
  return { rate: acks / seconds, dropped, cpuMicroseconds: (cpuSeconds / acks) * 1e6, offerMs, ackMs };
}

function rows(of: (name: Name) => readonly Measured[]): readonly Row[] {
  const rates = (name: Name) => of(name).map(({ rate }) => rate);
  const cpu = (name: Name) => of(name).map(({ cpuMicroseconds }) => cpuMicroseconds);
  const ratio = (what: string, ours: Name, theirs: Name, atLeast: number): Row => ({
    what,
    unit: "ratio",
    samples: ratios(rates(ours), rates(theirs)),
    atLeast,
  });
  return [
    ...names().map((name): Row => ({ what: CONTENDERS[name].what, unit: "/s", samples: rates(name) })),
    ratio("railhead / Kea", "railhead", "kea", 0.9),
    ratio("railhead / ISC dhcpd, cold", "railheadCold", "iscCold", 3),
    ratio("railhead / dnsmasq, 1,000 leases", "railhead1k", "dnsmasq1k", 5),
    ratio("railhead / the floor", "railhead", "floor", 0.8),
    ratio("railhead, 100 leases / 10,000", "railhead100", "railhead", 0.8),
    ratio("railhead, 50,000 leases / 10,000", "railhead50k", "railhead", 0.8),
    ...(["railhead", "kea", "floor"] as const).map(
      (name): Row => ({
        what: `processor time of an exchange: ${CONTENDERS[name].what}`,
        unit: "us",
        samples: cpu(name),
      }),
    ),
    {
      what: "railhead / Kea, processor time of an exchange",
      unit: "ratio",
      samples: ratios(cpu("railhead"), cpu("kea")),
      target: 1,
    },
    ...(["railhead", "kea"] as const).flatMap((name): readonly Row[] => [
      {
        what: `DISCOVER to OFFER at that rate, mean: ${CONTENDERS[name].what}`,
        unit: "ms",
        samples: of(name).map(({ offerMs }) => offerMs),
      },
      {
        what: `REQUEST to ACK at that rate, mean: ${CONTENDERS[name].what}`,
        unit: "ms",
        samples: of(name).map(({ ackMs }) => ackMs),
      },
    ]),
    {
      what: "railhead, exchanges that failed at that rate",
      unit: "%",
      samples: of("railhead").map((one) => one.dropped),
    },
  ];
}
