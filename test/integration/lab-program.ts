import { setTimeout } from "node:timers/promises";
import { type Argv, type Lab, startChild } from "@railhead/testkit";

export interface LabProgram extends AsyncDisposable {
  /** What it said so far. */
  output(): string;
}

/**
 * A program that runs beside a test until it is disposed of, or else until the lab ends.
 *
 * @param ready what it says when it is ready
 * @throws Error when it ends before that
 */
export async function startProgram(lab: Lab, argv: Argv, ready: string): Promise<LabProgram> {
  const child = startChild(argv);
  const closed = new Promise<void>((resolve) => {
    child.once("close", () => resolve());
  });
  let output = "";
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding("utf8").on("data", (text: string) => (output += text));
  }
  const program = lab.adopt({
    output: () => output,
    async [Symbol.asyncDispose]() {
      child.kill("SIGKILL");
      await closed;
    },
  });
  while (!output.includes(ready)) {
    if (child.exitCode !== null) throw new Error(`${argv.join(" ")} ended: ${output}`);
    await setTimeout(20);
  }
  return program;
}
