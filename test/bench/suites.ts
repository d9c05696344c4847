import type { Suite } from "./suite.ts";
import { agentSuite } from "./suites/agent.ts";
import { bootSuite } from "./suites/boot.ts";
import { startSuite } from "./suites/start.ts";

/** Every suite, in the order in which they run and stand in docs/benchmarks.md. */
export const SUITES: readonly Suite[] = [startSuite, agentSuite, bootSuite];
