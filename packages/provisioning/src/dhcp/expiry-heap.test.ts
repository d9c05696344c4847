import fc from "fast-check";
import { expect, test } from "vitest";
import { ExpiryHeap } from "./expiry-heap.ts";

test("peek is always the key with the smallest time, whatever was set and deleted before", () => {
  const operation = fc.record({ key: fc.nat(20), at: fc.option(fc.nat(1000)) });
  fc.assert(
    fc.property(fc.array(operation, { maxLength: 200, size: "max" }), (operations) => {
      const heap = new ExpiryHeap<number>();
      const model = new Map<number, number>();
      for (const { key, at } of operations) {
        if (at === null) {
          heap.delete(key);
          model.delete(key);
        } else {
          heap.set(key, at);
          model.set(key, at);
        }
        const smallest = model.size === 0 ? undefined : Math.min(...model.values());
        expect(heap.peek()?.at).toBe(smallest);
        expect(heap.size).toBe(model.size);
        expect(model.get(heap.peek()?.key ?? -1)).toBe(smallest);
      }
    }),
  );
});
