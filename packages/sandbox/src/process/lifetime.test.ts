import { describe, expect, test } from "vitest";
import { SandboxError } from "../sandbox-error.ts";
import { acquireTogether, createLifetime, type Lifetime } from "./lifetime.ts";

function noted(log: string[], resource: string): Parameters<Lifetime["acquire"]>[0] {
  return {
    resource,
    acquire: () => void log.push(`+${resource}`),
    release: () => void log.push(`-${resource}`),
  };
}

describe("a lifetime", () => {
  test("releases in reverse order of acquisition", async () => {
    const log: string[] = [];
    const lifetime = createLifetime();
    await lifetime.acquire(noted(log, "network"));
    await lifetime.acquire(noted(log, "server"));
    await lifetime.acquire(noted(log, "machine"));
    expect(await lifetime.release()).toEqual([]);
    expect(log).toEqual(["+network", "+server", "+machine", "-machine", "-server", "-network"]);
  });

  test("remembers nothing of an acquisition that failed", async () => {
    const log: string[] = [];
    const lifetime = createLifetime();
    const failing = { ...noted(log, "server"), acquire: () => Promise.reject(new Error("port in use")) };
    await lifetime.acquire(noted(log, "network"));
    await expect(lifetime.acquire(failing)).rejects.toThrow("port in use");
    await lifetime.release();
    expect(log).toEqual(["+network", "-network"]);
  });

  test("goes on after a release that fails, and reports it", async () => {
    const log: string[] = [];
    const lifetime = createLifetime();
    await lifetime.acquire(noted(log, "network"));
    await lifetime.acquire({
      ...noted(log, "server"),
      release: () => {
        throw new Error("will not end");
      },
    });
    expect(await lifetime.release()).toEqual([{ resource: "server", reason: "will not end" }]);
    expect(log.at(-1)).toBe("-network");
  });

  test("leaves a release that hangs behind when its limit has passed, and reports it", async () => {
    const log: string[] = [];
    const lifetime = createLifetime();
    await lifetime.acquire(noted(log, "network"));
    await lifetime.acquire({ ...noted(log, "server"), release: () => new Promise<void>(() => undefined), limitMs: 20 });
    expect(await lifetime.release()).toEqual([{ resource: "server", reason: "was not released within 0.02 s" }]);
    expect(log.at(-1)).toBe("-network");
  });

  test("is released once, however often that is asked for", async () => {
    const log: string[] = [];
    const lifetime = createLifetime();
    await lifetime.acquire(noted(log, "network"));
    await Promise.all([lifetime.release(), lifetime.release()]);
    await lifetime.release();
    expect(log).toEqual(["+network", "-network"]);
  });

  test("waits for an acquisition under way, releases it first, and tells its caller", async () => {
    const log: string[] = [];
    const lifetime = createLifetime();
    const { promise: started, resolve } = Promise.withResolvers<void>();
    await lifetime.acquire(noted(log, "network"));
    const arriving = lifetime.acquire({ ...noted(log, "machine"), acquire: () => started });
    const outcome = arriving.catch((error: unknown) => error);
    const released = lifetime.release();
    resolve();
    await released;
    expect(log).toEqual(["+network", "-machine", "-network"]);
    expect(await outcome).toMatchObject({ code: "released" });
  });

  test("acquires nothing any more once it was released", async () => {
    const log: string[] = [];
    const lifetime = createLifetime();
    await lifetime.release();
    await expect(lifetime.acquire(noted(log, "network"))).rejects.toBeInstanceOf(SandboxError);
    expect(log).toEqual([]);
  });
});

describe("resources acquired together", () => {
  test("are released when a later one fails", async () => {
    const log: string[] = [];
    const building = acquireTogether(async (lifetime) => {
      await lifetime.acquire(noted(log, "namespace"));
      await lifetime.acquire(noted(log, "bridge"));
      throw new Error("no radvd");
    });
    await expect(building).rejects.toThrow("no radvd");
    expect(log).toEqual(["+namespace", "+bridge", "-bridge", "-namespace"]);
  });

  test("belong to the caller when all succeed", async () => {
    const log: string[] = [];
    const close = await acquireTogether(async (lifetime) => {
      await lifetime.acquire(noted(log, "namespace"));
      return lifetime.release;
    });
    expect(log).toEqual(["+namespace"]);
    await close();
    expect(log).toEqual(["+namespace", "-namespace"]);
  });
});
