import type { Lab } from "@railhead/testkit";

/** What perfdhcp counted of one half of the exchange. */
export interface PerfdhcpCounts {
  readonly sent: number;
  readonly received: number;
  readonly drops: number;
  /** Answers that it could not use. */
  readonly rejected: number;
  /** Answers with an address that another client already had. */
  readonly twice: number;
}

export interface PerfdhcpReport {
  readonly discover: PerfdhcpCounts;
  readonly request: PerfdhcpCounts;
}

/** Has perfdhcp be that many clients, each with a MAC of its own, as a relay with the lab's client address would. */
export async function runPerfdhcp(
  lab: Lab,
  { clients, perSecond }: { readonly clients: number; readonly perSecond: number },
): Promise<PerfdhcpReport> {
  const load = ["-r", `${perSecond}`, "-R", `${clients}`, "-n", `${clients}`];
  // An answer counts as dropped after ten seconds, not one: machines that test are busy. After the last request it
  // waits a second (in microseconds).
  const { stdout, stderr } = await lab.run([
    "perfdhcp",
    "-4",
    "-u",
    "-l",
    "eth0",
    ...load,
    "-W",
    "1000000",
    "10.77.0.1",
  ]);
  const output = stdout.toString();
  const [, discover, request] = output.split("***Statistics for: ");
  if (discover === undefined || request === undefined) throw new Error(`perfdhcp: ${stderr}${output}`);
  return { discover: countsOf(discover), request: countsOf(request) };
}

function countsOf(section: string): PerfdhcpCounts {
  const count = (name: string) => Number(new RegExp(`^${name}: (\\d+)$`, "m").exec(section)?.[1]);
  return {
    sent: count("sent packets"),
    received: count("received packets"),
    drops: count("drops"),
    rejected: count("rejected leases"),
    twice: count("non unique addresses"),
  };
}
