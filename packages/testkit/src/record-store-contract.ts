import { deepEqual, equal, notEqual, rejects } from "node:assert/strict";
import type { RecordStore } from "@railhead/provisioning";

/** A record as plain as a lease, and with one field that may be missing. */
export interface ContractRecord {
  readonly address: string;
  readonly note?: string | undefined;
}

export interface ContractCase {
  /** A sentence about behaviour, for the name of the test. */
  readonly name: string;
  /** Throws when the store, which has to be empty, does not behave so. */
  readonly check: (store: RecordStore<ContractRecord>) => Promise<void>;
}

const A: ContractRecord = { address: "10.77.0.11" };
const B: ContractRecord = { address: "10.77.0.12" };

function rejectsWith(promise: Promise<void>, code: string): Promise<void> {
  return rejects(promise, (error) => error instanceof Error && "code" in error && error.code === code);
}

/**
 * What every `RecordStore` owes the core. As data, so that a test loops over it:
 * `test.each(recordStoreContract)("$name", ({ check }) => expect(check(open())).resolves.toBeUndefined())`.
 */
export const recordStoreContract: readonly ContractCase[] = [
  {
    name: "a record that was put is there",
    async check(store) {
      await store.put("one", A);
      deepEqual(store.get("one"), A);
      deepEqual([...store.all()], [["one", A]]);
    },
  },
  {
    name: "a record that was never put is not there",
    async check(store) {
      equal(store.get("one"), undefined);
      equal(store.all().size, 0);
    },
  },
  {
    name: "a put replaces the whole record",
    async check(store) {
      await store.put("one", { ...A, note: "first" });
      await store.put("one", B);
      deepEqual(store.get("one"), B);
      equal(store.all().size, 1);
    },
  },
  {
    name: "a put is not seen before it is durable",
    async check(store) {
      const put = store.put("one", A);
      equal(store.get("one"), undefined);
      equal(store.all().has("one"), false);
      await put;
      deepEqual(store.get("one"), A);
    },
  },
  {
    name: "a record stays until its deletion is durable",
    async check(store) {
      await store.put("one", A);
      const deletion = store.delete("one");
      deepEqual(store.get("one"), A);
      await deletion;
      equal(store.get("one"), undefined);
      equal(store.all().size, 0);
    },
  },
  {
    name: "deleting what is not there is no error",
    async check(store) {
      await store.delete("one");
      equal(store.all().size, 0);
    },
  },
  {
    name: "puts and deletions of one key take effect in the order of the calls",
    async check(store) {
      const order: string[] = [];
      await Promise.all([
        store.put("one", A).then(() => order.push("put A")),
        store.delete("one").then(() => order.push("delete")),
        store.put("one", B).then(() => order.push("put B")),
        store.put("two", B).then(() => order.push("put two")),
        store.delete("two").then(() => order.push("delete two")),
      ]);
      deepEqual(order, ["put A", "delete", "put B", "put two", "delete two"]);
      deepEqual([...store.all()], [["one", B]]);
    },
  },
  {
    name: "the map of all records shows later puts",
    async check(store) {
      const all = store.all();
      await store.put("one", A);
      deepEqual(all.get("one"), A);
    },
  },
  {
    name: "what the caller does to an object after the put does not reach the record",
    async check(store) {
      const record = { address: "10.77.0.11" };
      const put = store.put("one", record);
      record.address = "10.77.0.99";
      await put;
      record.address = "10.77.0.98";
      deepEqual(store.get("one"), A);
    },
  },
  {
    name: "a field that is undefined is missing from the record, as after a restart",
    async check(store) {
      await store.put("one", { ...A, note: undefined });
      equal("note" in (store.get("one") ?? {}), false);
      notEqual(store.get("one"), undefined);
    },
  },
  {
    name: "every key of 1 to 200 characters without control characters will do",
    async check(store) {
      const keys = [
        "a",
        "k".repeat(200),
        "__proto__",
        "constructor",
        "über/../ 52:54",
        '"\\',
        "\u2028",
        "\ud800",
        "🚂",
      ];
      await Promise.all(keys.map((key) => store.put(key, { address: key })));
      deepEqual([...store.all().keys()].sort(), [...keys].sort());
      deepEqual(
        keys.map((key) => store.get(key)),
        keys.map((key) => ({ address: key })),
      );
    },
  },
  {
    name: "any other key is refused with store-bad-key and leaves no trace",
    async check(store) {
      for (const key of ["", "k".repeat(201), "line\nbreak", "\u0000", "tab\t", "\u007f", "\u0085"]) {
        await rejectsWith(store.put(key, A), "store-bad-key");
        await rejectsWith(store.delete(key), "store-bad-key");
      }
      equal(store.all().size, 0);
    },
  },
  {
    name: "a value that JSON cannot hold is refused with store-bad-record and the former record stands",
    async check(store) {
      await store.put("one", A);
      const circular: ContractRecord & { self?: unknown } = { ...B };
      circular.self = circular;
      await rejectsWith(store.put("one", circular), "store-bad-record");
      deepEqual(store.get("one"), A);
    },
  },
];
