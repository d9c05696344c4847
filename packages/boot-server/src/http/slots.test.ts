import { expect, test } from "vitest";
import { Slots } from "./slots.ts";

test("as many as there are places go ahead; the next waits for one, and one too many is turned away", async () => {
  const slots = new Slots(2, 1);
  const first = await slots.take();
  await slots.take();
  let third = "waiting";
  const waiting = slots.take().then(() => {
    third = "in";
  });
  expect(await slots.take()).toBeUndefined();
  expect(third).toBe("waiting");
  first?.();
  first?.(); // given back once only
  await waiting;
  expect(third).toBe("in");
  expect(await Promise.race([slots.take().then(() => "in"), Promise.resolve("waits")])).toBe("waits");
});
