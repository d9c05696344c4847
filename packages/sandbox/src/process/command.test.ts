import { describe, expect, test } from "vitest";
import { runCommand } from "./command.ts";

describe("a command", () => {
  test("gives what it wrote", async () => {
    expect(await runCommand(["cat"], { input: "hello" })).toBe("hello");
  });

  test("that fails is reported with its own words", async () => {
    const failing = runCommand(["sh", "-c", "echo 'no such bridge' >&2; exit 2"]);
    await expect(failing).rejects.toMatchObject({
      code: "command-failed",
      message: expect.stringContaining("2: no such bridge"),
    });
  });

  test("that does not exist is reported by name", async () => {
    await expect(runCommand(["/nonexistent/tool"])).rejects.toMatchObject({
      code: "command-failed",
      message: expect.stringContaining("/nonexistent/tool"),
    });
  });

  test("that takes too long is ended", async () => {
    await expect(runCommand(["sleep", "60"], { timeoutSeconds: 0.05 })).rejects.toMatchObject({ code: "timed-out" });
  });

  test("ends with the signal of its caller", async () => {
    const controller = new AbortController();
    const running = runCommand(["sleep", "60"], { signal: controller.signal });
    controller.abort();
    await expect(running).rejects.toMatchObject({ code: "interrupted" });
  });

  test("that does not read its input is judged by its exit code", async () => {
    expect(await runCommand(["true"], { input: "x".repeat(1_000_000) })).toBe("");
  });
});
