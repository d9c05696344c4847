/** Fires at the first SIGINT, SIGTERM or SIGHUP; `dispose` gives the signals their usual effect again. */
export interface InterruptSignal {
  readonly signal: AbortSignal;
  readonly dispose: () => void;
}

const SIGNALS = ["SIGINT", "SIGTERM", "SIGHUP"] as const;

/**
 * Turns what asks this process to end into an AbortSignal, and so does an output that nobody reads any more (a closed
 * terminal, a pipe into `head`). Further signals have no effect until `dispose`: an impatient second Ctrl-C must not
 * end the removal half-way.
 */
export function interruptSignal(target: NodeJS.Process = process): InterruptSignal {
  const controller = new AbortController();
  const abort = (): void => controller.abort();
  for (const name of SIGNALS) {
    target.on(name, abort);
  }
  target.stdout.on("error", abort);
  return {
    signal: controller.signal,
    dispose: () => {
      for (const name of SIGNALS) {
        target.off(name, abort);
      }
      target.stdout.off("error", abort);
    },
  };
}
