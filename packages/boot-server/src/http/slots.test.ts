import { expect, test } from "vitest";
import { Slots } from "./slots.ts";

test("as many as there are places go ahead; the next waits for one, and one too many is turned away", async () => {
  const slots = new Slots(2, 1);
  const first = await slots.take();
  await slots.take();
  const third = slots.take().then(() => "in");
  expect(await slots.take()).toBeUndefined();
  expect(await Promise.race([third, Promise.resolve("waits")])).toBe("waits");
  first?.();
  first?.(); // given back once only
  expect(await third).toBe("in");
  expect(await Promise.race([slots.take().then(() => "in"), Promise.resolve("waits")])).toBe("waits");
});
