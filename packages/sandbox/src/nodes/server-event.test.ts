import { describe, expect, test } from "vitest";
import { parseServerEvent } from "./server-event.ts";

function parse(fields: object): ReturnType<typeof parseServerEvent> {
  return parseServerEvent(JSON.stringify({ level: 30, time: 1, ...fields }));
}

describe("a line of the server", () => {
  test("says that it is ready", () => {
    expect(parse({ event: "server.ready", url: "http://10.77.0.1:8080" })).toEqual({ kind: "ready" });
  });

  test.each(["dhcp", "ipxe", "kernel", "ignition", "agent", "running"])(
    "says that a machine has come to %s",
    (stage) => {
      const facts = {
        machine: "core-01",
        address: "10.77.0.11",
        role: "manager",
        revision: "abc",
        unitsOk: 3,
        unitsTotal: 3,
      };
      expect(parse({ event: "machine.progress", stage, ...facts })).toEqual({
        kind: "progress",
        progress: { stage, ...facts },
      });
    },
  );

  test("says which unit is being started", () => {
    const progress = { machine: "core-01", stage: "unit", unit: "greeter.service", index: 1, total: 3 };
    expect(parse({ event: "machine.progress", ...progress })).toMatchObject({ kind: "progress", progress });
  });

  test("says why a machine failed, with what its journal says", () => {
    const progress = {
      machine: "core-01",
      stage: "failed",
      reason: "exit code 1",
      failedUnit: "greeter.service",
      journal: ["one", "two"],
    };
    expect(parse({ event: "machine.progress", ...progress })).toMatchObject({ kind: "progress", progress });
  });

  test("that tells of a failure without its reason is a failure all the same", () => {
    expect(parse({ event: "machine.progress", machine: "core-01", stage: "failed" })).toMatchObject({
      progress: { stage: "failed", reason: "no reason given", journal: [] },
    });
  });

  test("says what its operator has to know", () => {
    expect(parse({ event: "store.problem", problem: "ENOSPC: no space left on device" })).toEqual({
      kind: "problem",
      text: "ENOSPC: no space left on device",
    });
    expect(parse({ event: "inventory.refused", problems: ["groups/manager.json: not JSON"] })).toEqual({
      kind: "problem",
      text: "the data directory is refused: groups/manager.json: not JSON",
    });
  });

  test.each([
    "",
    "node:internal/errors:541",
    "null",
    "[]",
    '"server.ready"',
    '{"event":"http.request","path":"/boot.ipxe"}',
    '{"event":"machine.progress"}',
    '{"event":"machine.progress","machine":"core-01","stage":"dancing"}',
    '{"event":"machine.progress","machine":"core-01","stage":"unit","unit":"a.service"}',
  ])("%s is nothing to the sandbox", (line) => {
    expect(parseServerEvent(line)).toEqual({ kind: "other" });
  });
});
