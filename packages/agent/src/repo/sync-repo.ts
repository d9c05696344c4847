import { AgentError } from "../agent-error.ts";
import type { Clock } from "../clock.ts";
import type { Log } from "../log.ts";
import type { CheckoutStore } from "./checkout-store.ts";
import type { GitRemote } from "./git-remote.ts";

export interface SyncRequest {
  readonly repoUrl: string;
  readonly ref: string;
  /** Give up after this long. A server or a name service that is still starting gets that much time (SW-21). */
  readonly deadlineSeconds: number;
  readonly signal: AbortSignal;
}

interface SyncPorts {
  readonly remote: GitRemote;
  readonly store: CheckoutStore;
  readonly clock: Clock;
  readonly log: Log;
}

/** One attempt may take this long: a connection that hangs must not eat the whole deadline. */
const ATTEMPT_MS = 60_000;
const FIRST_RETRY_SECONDS = 0.5;
const LONGEST_RETRY_SECONDS = 10;

/** How long to wait after the `attempt`th attempt (1-based) has failed: 0.5, 1, 2, 4, 8, 10, 10 ... seconds. */
export function retrySeconds(attempt: number): number {
  return Math.min(FIRST_RETRY_SECONDS * 2 ** (attempt - 1), LONGEST_RETRY_SECONDS);
}

/**
 * Builds a checkout of `ref` beside the one in use and swaps it in. Until then, and when it fails, the
 * one in use stays (SW-23).
 *
 * Returns the full commit id. Throws the last attempt's `AgentError` when the deadline has passed or
 * trying again is in vain.
 */
export async function syncRepo(request: SyncRequest, { remote, store, clock, log }: SyncPorts): Promise<string> {
  const deadlineMs = clock.elapsedMs() + request.deadlineSeconds * 1000;
  for (let attempt = 1; ; attempt++) {
    const directory = await store.begin();
    try {
      const timeoutMs = Math.ceil(Math.max(1, Math.min(ATTEMPT_MS, deadlineMs - clock.elapsedMs())));
      const revision = await remote.checkOut({ ...request, directory, timeoutMs });
      await store.swapIn(directory);
      return revision;
    } catch (error) {
      const waitSeconds = retrySeconds(attempt);
      const last = clock.elapsedMs() + waitSeconds * 1000 >= deadlineMs;
      if (!(error instanceof AgentError) || error.code !== "repo-unreachable" || last) throw error;
      log({ event: "repo-attempt-failed", attempt, retrySeconds: waitSeconds, reason: error.message });
      await clock.sleep(waitSeconds * 1000, request.signal);
    } finally {
      await store.prune();
    }
  }
}
