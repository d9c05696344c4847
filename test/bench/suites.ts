import type { Suite } from "./suite.ts";
import { agentSuite } from "./suites/agent.ts";
import { bootSuite } from "./suites/boot.ts";
import { dhcpSuite } from "./suites/dhcp.ts";
import { httpSuite } from "./suites/http.ts";
import { startSuite } from "./suites/start.ts";
import { stormSuite } from "./suites/storm.ts";
import { tftpSuite } from "./suites/tftp.ts";

/** Every suite, in the order in which they run and stand in docs/benchmarks.md. */
export const SUITES: readonly Suite[] = [
  startSuite,
  agentSuite,
  bootSuite,
  dhcpSuite,
  tftpSuite,
  httpSuite,
  stormSuite,
];
