import { statSync } from "node:fs";
import { type Argv, runCommand } from "@railhead/testkit";
import { LOCATIONS } from "../locations.ts";
import { pathOf } from "../needs.ts";
import { outputBytes, timeToExit } from "../process.ts";
import { ratios } from "../report/summary.ts";
import type { Bench, Row, Suite } from "../suite.ts";

const RUNS = 20;
const MEMORY_RUNS = 5;
const VERSION: Argv = [LOCATIONS.agent, "--version"];
/** The floor: the same Node, without an executable of our own, without a line of code. */
const FLOOR: Argv = [process.execPath, "-e", "0"];

/** The agent's executable: how long its start takes, how much memory, how much space. */
export const agentSuite: Suite = {
  name: "agent",
  needs: ["built agent", "time", "xz", "zstd"],
  run: async (bench) => {
    const { agent, floor } = await startTimes(bench);
    const memory = await peakMegabytes(bench, VERSION);
    const floorMemory = await peakMegabytes(bench, FLOOR);
    bench.say("compressing the executable");
    return [
      { what: "`railhead-agent --version`, spawn to exit", unit: "ms", samples: agent, target: 80 },
      { what: "`node -e 0`, spawn to exit", unit: "ms", samples: floor },
      { what: "agent / node, run by run", unit: "ratio", samples: ratios(agent, floor) },
      { what: "`railhead-agent --version`, peak resident memory", unit: "MB", samples: memory },
      { what: "`node -e 0`, peak resident memory", unit: "MB", samples: floorMemory },
      ...(await sizes(bench)),
    ];
  },
};

async function startTimes(bench: Bench) {
  bench.say(`starting the agent and node, ${RUNS} times each, in turn`);
  for (const argv of [VERSION, FLOOR]) await timeToExit(argv); // into the page cache
  const agent: number[] = [];
  const floor: number[] = [];
  for (let run = 0; run < RUNS; run += 1) {
    bench.signal.throwIfAborted();
    agent.push(await timeToExit(VERSION));
    floor.push(await timeToExit(FLOOR));
  }
  return { agent, floor };
}

/** GNU time's %M: the largest resident set, in KiB. It counts the pages of the file that are in use, too. */
async function peakMegabytes(bench: Bench, argv: Argv): Promise<readonly number[]> {
  const samples: number[] = [];
  for (let run = 0; run < MEMORY_RUNS; run += 1) {
    bench.signal.throwIfAborted();
    const { stderr } = await runCommand([pathOf("time"), "-f", "peak %M", ...argv]);
    samples.push((Number(/^peak (\d+)$/m.exec(stderr)?.[1]) * 1024) / 1e6);
  }
  return samples;
}

async function sizes(bench: Bench): Promise<readonly Row[]> {
  const raw = statSync(LOCATIONS.agent).size;
  bench.signal.throwIfAborted();
  const xz = await outputBytes([pathOf("xz"), "-6", "--threads=0", "--stdout", "--", LOCATIONS.agent]);
  bench.signal.throwIfAborted();
  const zstd = await outputBytes([pathOf("zstd"), "-3", "--quiet", "--stdout", "--", LOCATIONS.agent]);
  const size = (what: string, bytes: number): Row => ({ what, unit: "MB", samples: [bytes / 1e6] });
  return [size("executable", raw), size("executable, `xz -6`", xz), size("executable, `zstd -3`", zstd)];
}
