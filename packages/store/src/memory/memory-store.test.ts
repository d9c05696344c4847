import { type ContractRecord, recordStoreContract } from "@railhead/testkit";
import { describe, expect, test } from "vitest";
import { memoryStore } from "./memory-store.ts";

describe("the memory store keeps the contract of record stores", () => {
  test.each(recordStoreContract)("$name", async ({ check }) => {
    await expect(check(memoryStore<ContractRecord>())).resolves.toBeUndefined();
  });
});
