import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { LineBuffer } from "./line-buffer.ts";

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

function recorded() {
  const passed: string[] = [];
  return { passed, buffer: new LineBuffer((lines) => passed.push(lines)) };
}

test("lines are passed on together, 50 ms after the first of them", () => {
  const { passed, buffer } = recorded();
  buffer.write("a\n");
  vi.advanceTimersByTime(49);
  buffer.write("b\n");
  expect(passed).toEqual([]);
  vi.advanceTimersByTime(1);
  expect(passed).toEqual(["a\nb\n"]);
  buffer.write("c\n");
  vi.advanceTimersByTime(50);
  expect(passed).toEqual(["a\nb\n", "c\n"]);
});

test("a flush passes on what there is, once", () => {
  const { passed, buffer } = recorded();
  buffer.write("a\n");
  buffer.flush();
  buffer.flush();
  vi.advanceTimersByTime(100);
  expect(passed).toEqual(["a\n"]);
});

test("64 KiB do not wait", () => {
  const { passed, buffer } = recorded();
  buffer.write("x".repeat(64 * 1024));
  expect(passed).toHaveLength(1);
});
