import { SandboxError } from "../sandbox-error.ts";

/** The error a wait ends with when its signal fires. */
export function interrupted(): SandboxError {
  return new SandboxError("interrupted", "interrupted");
}

export interface WaitLimits {
  /** Ends the wait with an `interrupted` error. */
  readonly signal?: AbortSignal | undefined;
  /** Ends the wait with the error that `onTimeout` makes. Absent: no limit. */
  readonly timeoutMs?: number | undefined;
  readonly onTimeout?: () => Error;
}

/**
 * Waits for `promise`, but no longer than the limits allow. The promise itself is not cancelled: whoever started the
 * work ends it. A later rejection of an abandoned promise is swallowed, so that it cannot end the process.
 */
export async function waitFor<T>(promise: Promise<T>, limits: WaitLimits): Promise<T> {
  const { signal, timeoutMs } = limits;
  if (signal?.aborted === true) {
    promise.catch(() => undefined);
    throw interrupted();
  }
  const { promise: cut, reject } = Promise.withResolvers<never>();
  const onAbort = (): void => reject(interrupted());
  signal?.addEventListener("abort", onAbort, { once: true });
  const timer =
    timeoutMs === undefined
      ? undefined
      : setTimeout(
          () => reject(limits.onTimeout?.() ?? new SandboxError("timed-out", `no answer within ${timeoutMs / 1000} s`)),
          timeoutMs,
        );
  try {
    return await Promise.race([promise, cut]);
  } finally {
    clearTimeout(timer);
    signal?.removeEventListener("abort", onAbort);
  }
}

/** Waits that many milliseconds; the signal ends the wait with an `interrupted` error. */
export async function sleep(milliseconds: number, signal?: AbortSignal): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<undefined>();
  const timer = setTimeout(() => resolve(undefined), milliseconds);
  try {
    await waitFor(promise, { signal });
  } finally {
    clearTimeout(timer);
  }
}
