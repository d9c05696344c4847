import { messageOf, SandboxError } from "../sandbox-error.ts";
import { waitFor } from "./wait.ts";

/** One resource that could not be given back, and why. */
export interface ReleaseFailure {
  readonly resource: string;
  readonly reason: string;
}

export interface Acquisition<T> {
  /** How the resource is called in a report, for example "virtual machine core-01". */
  readonly resource: string;
  readonly acquire: () => Promise<T> | T;
  readonly release: (value: T) => Promise<void> | void;
  /** How long the release may take before it is reported and left behind. Default 10,000. */
  readonly limitMs?: number;
}

/**
 * A scope of resources. They are released in reverse order of acquisition, each within its own limit, and a release
 * that fails or hangs is reported without stopping the others.
 */
export interface Lifetime {
  /**
   * Acquires a resource for the rest of this lifetime. When acquiring fails nothing is remembered. When the lifetime
   * was released meanwhile the resource is released at once and the call fails with code `released`.
   */
  readonly acquire: <T>(acquisition: Acquisition<T>) => Promise<T>;
  /** Releases everything, waiting first for acquisitions under way. A second call gets the first one's answer. */
  readonly release: () => Promise<readonly ReleaseFailure[]>;
  readonly isReleased: () => boolean;
}

interface Held {
  readonly resource: string;
  readonly release: () => Promise<void>;
}

const DEFAULT_LIMIT_MS = 10_000;
const ARRIVAL_LIMIT_MS = 5_000;

export function createLifetime(): Lifetime {
  const held: Held[] = [];
  const underWay = new Set<Promise<unknown>>();
  let released: Promise<readonly ReleaseFailure[]> | undefined;
  let drained = false;

  const arrive = async <T>(acquisition: Acquisition<T>, value: T): Promise<void> => {
    const arrival: Held = { resource: acquisition.resource, release: () => releaseWithin(acquisition, value) };
    if (drained) {
      await arrival.release().catch(() => undefined);
    } else {
      held.push(arrival);
    }
  };

  const acquire = async <T>(acquisition: Acquisition<T>): Promise<T> => {
    if (released !== undefined) {
      throw alreadyReleased(acquisition.resource);
    }
    const pending = Promise.resolve().then(acquisition.acquire);
    const arrived = pending.then((value) => arrive(acquisition, value));
    const settled = arrived.catch(() => undefined);
    underWay.add(settled);
    try {
      const value = await pending;
      await arrived;
      if (released !== undefined) {
        throw alreadyReleased(acquisition.resource);
      }
      return value;
    } finally {
      underWay.delete(settled);
    }
  };

  const releaseAll = async (): Promise<readonly ReleaseFailure[]> => {
    const failures: ReleaseFailure[] = [];
    // What is still arriving was asked for last, so it is released first. It must not hold up the rest for long.
    await waitFor(Promise.all(underWay), { timeoutMs: ARRIVAL_LIMIT_MS }).catch(() =>
      failures.push({
        resource: "an acquisition under way",
        reason: `did not end within ${ARRIVAL_LIMIT_MS / 1000} s`,
      }),
    );
    for (let next = held.pop(); next !== undefined; next = held.pop()) {
      const { resource } = next;
      await next.release().catch((error: unknown) => failures.push({ resource, reason: messageOf(error) }));
    }
    drained = true;
    return failures;
  };

  return {
    acquire,
    release: () => (released ??= releaseAll()),
    isReleased: () => released !== undefined,
  };
}

/**
 * Runs `build` with a lifetime of its own: when it fails, what it had acquired by then is released before the failure
 * goes on; when it succeeds, the caller owns the lifetime through the returned value.
 */
export async function acquireTogether<T>(build: (lifetime: Lifetime) => Promise<T>): Promise<T> {
  const lifetime = createLifetime();
  try {
    return await build(lifetime);
  } catch (error) {
    await lifetime.release();
    throw error;
  }
}

async function releaseWithin<T>(acquisition: Acquisition<T>, value: T): Promise<void> {
  const limitMs = acquisition.limitMs ?? DEFAULT_LIMIT_MS;
  await waitFor(
    Promise.resolve().then(() => acquisition.release(value)),
    {
      timeoutMs: limitMs,
      onTimeout: () => new SandboxError("timed-out", `was not released within ${limitMs / 1000} s`),
    },
  );
}

function alreadyReleased(resource: string): SandboxError {
  return new SandboxError("released", `${resource}: the sandbox is being removed`);
}
