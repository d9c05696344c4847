import { createLifetime, type Lifetime } from "@railhead/sandbox";
import type { Bench } from "./suite.ts";

/** Runs a part of a suite with a lifetime of its own, which ends with the part, or before with the suite's. */
export async function scoped<T>(bench: Bench, what: string, part: (lifetime: Lifetime) => Promise<T>): Promise<T> {
  const lifetime = await bench.lifetime.acquire({
    resource: what,
    acquire: createLifetime,
    release: (scope) => releaseAll(scope),
    limitMs: 30_000,
  });
  try {
    return await part(lifetime);
  } finally {
    await releaseAll(lifetime);
  }
}

/** @throws Error that names what could not be released */
export async function releaseAll(lifetime: Lifetime): Promise<void> {
  const failures = await lifetime.release();
  if (failures.length > 0) {
    throw new Error(failures.map(({ resource, reason }) => `not removed: ${resource}: ${reason}`).join("; "));
  }
}

/** The promise, unless the signal comes first; what it does then ends with the lifetime that its resources belong to. */
export async function unlessAborted<T>(promise: Promise<T>, signal: AbortSignal): Promise<T> {
  promise.catch(() => undefined);
  signal.throwIfAborted();
  const { promise: aborted, reject } = Promise.withResolvers<never>();
  const abort = () => reject(signal.reason);
  signal.addEventListener("abort", abort, { once: true });
  try {
    return await Promise.race([promise, aborted]);
  } finally {
    signal.removeEventListener("abort", abort);
  }
}
