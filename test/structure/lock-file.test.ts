import { readFileSync } from "node:fs";
import { expect, test } from "vitest";

interface LockEntry {
  readonly version?: string;
  readonly integrity?: string;
  readonly link?: boolean;
  readonly inBundle?: boolean;
  readonly optionalDependencies?: Readonly<Record<string, string>>;
}

const lock = JSON.parse(readFileSync(new URL("../../package-lock.json", import.meta.url), "utf8")) as {
  readonly packages: Readonly<Record<string, LockEntry>>;
};
const installed = Object.entries(lock.packages).filter(
  ([path, entry]) => path.includes("node_modules/") && entry.link !== true,
);

/** `npm ci` refuses a lock file in which an optional dependency of some other platform has no entry. */
test("every optional dependency in the lock file has an entry of its own", () => {
  const missing = installed
    .filter(([, entry]) => entry.inBundle !== true)
    .flatMap(([path, entry]) =>
      Object.keys(entry.optionalDependencies ?? {})
        .filter(
          (name) =>
            lock.packages[`node_modules/${name}`] === undefined &&
            lock.packages[`${path}/node_modules/${name}`] === undefined,
        )
        .map((name) => `${path} -> ${name}`),
    );
  expect(missing).toEqual([]);
});

test("every package is pinned by a hash, and none by the address of a registry", () => {
  const unpinned = installed.filter(
    ([, { integrity, inBundle }]) => inBundle !== true && !integrity?.startsWith("sha512-"),
  );
  expect(unpinned.map(([path]) => path)).toEqual([]);
  expect(JSON.stringify(lock)).not.toMatch(/"resolved":"https?:/);
});

test("the Node of both architectures is one version, the one the executables are made with", () => {
  const versions = ["x64", "arm64"].map(
    (architecture) => lock.packages[`node_modules/node-linux-${architecture}`]?.version,
  );
  expect(versions[0]).toMatch(/^24\./);
  expect(versions[1]).toBe(versions[0]);
});
