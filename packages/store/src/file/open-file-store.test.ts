import { existsSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type ContractRecord, recordStoreContract } from "@railhead/testkit";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { type FileSystem, nodeFileSystem } from "./file-system.ts";
import { headerLine } from "./journal-line.ts";
import { type FileStore, openFileStore } from "./open-file-store.ts";

let parent: string;
let directory: string;
const open = new Set<FileStore>();

beforeEach(() => {
  parent = mkdtempSync(join(tmpdir(), "railhead-store-"));
  directory = join(parent, "var", "store");
});

afterEach(async () => {
  await Promise.all([...open].map((store) => store.close()));
  open.clear();
  rmSync(parent, { recursive: true });
});

async function opened(options?: Parameters<typeof openFileStore>[1]): Promise<FileStore> {
  const store = await openFileStore(directory, options);
  open.add(store);
  return store;
}

function contractRecord(value: unknown): ContractRecord {
  if (typeof value !== "object" || value === null || !("address" in value) || typeof value.address !== "string") {
    throw new TypeError("not a record");
  }
  return { ...value, address: value.address };
}

function counting(): { readonly fileSystem: FileSystem; readonly calls: { writes: number; datasyncs: number } } {
  const calls = { writes: 0, datasyncs: 0 };
  const fileSystem: FileSystem = {
    ...nodeFileSystem,
    async open(path, how) {
      const file = await nodeFileSystem.open(path, how);
      return {
        ...file,
        write(bytes, offset) {
          calls.writes += 1;
          return file.write(bytes, offset);
        },
        datasync() {
          calls.datasyncs += 1;
          return file.datasync();
        },
      };
    },
  };
  return { fileSystem, calls };
}

describe("the file store keeps the contract of record stores", () => {
  test.each(recordStoreContract)("$name", async ({ check }) => {
    const store = await opened();
    await expect(check(store.collection("bindings", contractRecord))).resolves.toBeUndefined();
  });
});

describe("a file store", () => {
  test("has after a restart what it had before", async () => {
    const before = await opened();
    const bindings = before.collection("bindings", contractRecord);
    await bindings.put("one", { address: "10.77.0.11" });
    await bindings.put("two", { address: "10.77.0.12", note: "línea\n\u2028" });
    await bindings.put("one", { address: "10.77.0.13" });
    await bindings.put("gone", { address: "10.77.0.14" });
    await bindings.delete("gone");
    await before.collection("machines", String).put("one", "core-01");
    await before.close();

    const after = await opened();
    expect(after.problems).toEqual([]);
    expect([...after.collection("machines", String).all()]).toEqual([["one", "core-01"]]);
    expect(new Map(after.collection("bindings", contractRecord).all())).toEqual(
      new Map([
        ["one", { address: "10.77.0.13" }],
        ["two", { address: "10.77.0.12", note: "línea\n\u2028" }],
      ]),
    );
  });

  test("is for its owner only", async () => {
    const store = await opened();
    await store.collection("bindings", contractRecord).put("one", { address: "10.77.0.11" });
    expect(statSync(directory).mode & 0o777).toBe(0o700);
    expect(statSync(join(directory, "journal")).mode & 0o777).toBe(0o600);
  });

  test("lets puts under way come to their end when it is closed, and refuses later ones", async () => {
    const store = await opened();
    const bindings = store.collection("bindings", contractRecord);
    const underWay = bindings.put("one", { address: "10.77.0.11" });
    const closed = store.close();
    await expect(bindings.put("two", { address: "10.77.0.12" })).rejects.toMatchObject({ code: "store-closed" });
    await Promise.all([underWay, closed, store.close()]);

    expect((await opened()).collection("bindings", contractRecord).get("one")).toEqual({ address: "10.77.0.11" });
  });

  test("gives a collection to one caller only", async () => {
    const store = await opened();
    store.collection("bindings", contractRecord);
    expect(() => store.collection("bindings", contractRecord)).toThrow(
      expect.objectContaining({ code: "store-collection-taken" }),
    );
  });

  test("refuses a value that its collection would not accept after a restart", async () => {
    const bindings = (await opened()).collection<unknown>("bindings", contractRecord);
    await expect(bindings.put("one", { address: 11 })).rejects.toMatchObject({ code: "store-bad-record" });
    expect(bindings.all().size).toBe(0);
  });

  test("does not serve a record its collection does not accept, and keeps it until it is put anew", async () => {
    const before = await opened();
    await before.collection<unknown>("bindings", (value) => value).put("old", { ip: "10.77.0.11" });
    await before.close();

    const between = await opened();
    const bindings = between.collection("bindings", contractRecord);
    expect(bindings.all().size).toBe(0);
    expect(between.problems).toEqual([
      { kind: "invalid-record", collection: "bindings", key: "old", cause: new TypeError("not a record") },
    ]);
    await bindings.put("new", { address: "10.77.0.12" });
    await between.close();

    const after = await opened();
    const raw = after.collection<unknown>("bindings", (value) => value);
    expect(raw.get("old")).toEqual({ ip: "10.77.0.11" });
    await raw.put("old", { address: "10.77.0.11" });
    await after.close();
    expect((await opened()).collection("bindings", contractRecord).all().size).toBe(2);
  });

  test("shares a flush among 10,000 puts in flight", async () => {
    const { fileSystem, calls } = counting();
    const bindings = (await opened({ fileSystem })).collection("bindings", contractRecord);
    calls.writes = 0;
    calls.datasyncs = 0;
    const puts: Promise<void>[] = [];
    for (let n = 0; n < 10_000; n += 1) {
      puts.push(bindings.put(`client-${n}`, { address: `address-${n}` }));
      if (n % 500 === 0) {
        await new Promise(setImmediate);
      }
    }
    await Promise.all(puts);
    expect(bindings.all().size).toBe(10_000);
    expect(calls.datasyncs).toBeLessThanOrEqual(21);
    expect(calls.writes).toBe(calls.datasyncs);
  });

  test("flushes a lone put at once, with one write and one fdatasync and no timer", async () => {
    const { fileSystem, calls } = counting();
    const bindings = (await opened({ fileSystem })).collection("bindings", contractRecord);
    calls.writes = 0;
    calls.datasyncs = 0;
    const put = bindings.put("one", { address: "10.77.0.11" });
    await Promise.resolve();
    await Promise.resolve();
    expect(calls.writes).toBe(1);
    await put;
    expect(calls).toEqual({ writes: 1, datasyncs: 1 });
  });

  test("of a newer version is refused and left as it is", async () => {
    await (await opened()).close();
    writeFileSync(join(directory, "journal"), headerLine(2));
    await expect(openFileStore(directory)).rejects.toMatchObject({
      code: "store-version",
      message: "the journal has version 2, this Railhead reads version 1",
    });
    expect(readFileSync(join(directory, "journal"), "utf8")).toBe(headerLine(2));
    await expect(openFileStore(directory)).rejects.toMatchObject({ code: "store-version" });
  });

  test("that cannot be opened says what it needs", async () => {
    writeFileSync(join(parent, "file"), "");
    await expect(openFileStore(join(parent, "file", "store"))).rejects.toMatchObject({
      code: "store-open-failed",
      hint: "it needs a directory it may write to, and some room there",
    });
  });

  test("clears away what a killed compaction left", async () => {
    await (await opened()).close();
    writeFileSync(join(directory, "journal.compact"), "half");
    writeFileSync(join(directory, "journal.rewrite"), "half");
    await opened();
    expect(existsSync(join(directory, "journal.compact"))).toBe(false);
    expect(existsSync(join(directory, "journal.rewrite"))).toBe(false);
  });
});
