import { execFileSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";

const LOG = fileURLToPath(new URL("pino-log.ts", import.meta.url));

/** What a process writes that says one thing. */
function written(format: "json" | "pretty", level: string): string {
  const event = { event: "dhcp.conflict", network: "lab", address: "10.0.0.1", holder: "52:54:00:00:00:01" };
  const code = `import { pinoLog } from ${JSON.stringify(LOG)};
    pinoLog({ level: ${JSON.stringify(level)}, format: ${JSON.stringify(format)} })(${JSON.stringify(event)});`;
  return execFileSync(process.execPath, ["--conditions=railhead-source", "--input-type=module", "--eval", code], {
    encoding: "utf8",
  });
}

test("JSON: one line, with level, time and the event's facts", () => {
  const line = written("json", "info");
  expect(line.trim().split("\n")).toHaveLength(1);
  expect(JSON.parse(line)).toMatchObject({
    level: "warn",
    event: "dhcp.conflict",
    address: "10.0.0.1",
    time: expect.stringMatching(/^20.*Z$/),
  });
});

test("for people: what happened stands in the line, and its facts below", () => {
  const text = written("pretty", "info");
  expect(text).toMatch(/WARN.*dhcp\.conflict/);
  expect(text).toContain("10.0.0.1");
});

test("what is below the level is left out", () => {
  expect(written("json", "error")).toBe("");
});
