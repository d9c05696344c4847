import type { RecordStore } from "@railhead/provisioning";
import { checkKey, recordJson } from "../record.ts";

/**
 * A store without a disk, for tests and for trying things out. It keeps the manners of the durable one: a put
 * is seen only when its promise resolves, and what is seen is a copy, as it would be after a restart.
 * @throws StoreError store-bad-key, store-bad-record (by rejection)
 */
export function memoryStore<T>(): RecordStore<T> {
  const records = new Map<string, T>();
  return {
    all: () => records,
    get: (key) => records.get(key),
    async put(key, value) {
      checkKey(key);
      const copy: T = JSON.parse(recordJson(value));
      await Promise.resolve();
      records.set(key, copy);
    },
    async delete(key) {
      checkKey(key);
      await Promise.resolve();
      records.delete(key);
    },
  };
}
