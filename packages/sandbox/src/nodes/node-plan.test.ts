import { describe, expect, test } from "vitest";
import { checkMemory, machineDocument, planNodes, SANDBOX_NETWORK } from "./node-plan.ts";

describe("the plan of the nodes", () => {
  test("makes the first ones managers and the rest workers", () => {
    const nodes = planNodes({ nodes: 3, managers: 1, firmware: ["bios"] });
    expect(nodes.map(({ name, role }) => `${name} ${role}`)).toEqual([
      "core-01 manager",
      "core-02 worker",
      "core-03 worker",
    ]);
  });

  test("goes through the list of firmware again and again", () => {
    const nodes = planNodes({ nodes: 3, managers: 3, firmware: ["bios", "uefi"] });
    expect(nodes.map((node) => node.firmware)).toEqual(["bios", "uefi", "bios"]);
  });

  test("gives a node the same identity in every sandbox", () => {
    const [node] = planNodes({ nodes: 1, managers: 0, firmware: ["uefi"] });
    expect(node).toEqual({
      name: "core-01",
      mac: "52:54:00:77:00:01",
      address: "10.77.0.11",
      role: "worker",
      firmware: "uefi",
      uuid: "77000000-0000-4000-8000-525400770001",
      serial: "RAILHEAD-01",
      tap: "tap1",
    });
  });

  test("gives no two nodes anything in common, and no node an address of the pool", () => {
    const nodes = planNodes({ nodes: 99, managers: 1, firmware: ["bios"] });
    for (const key of ["name", "mac", "address", "uuid", "serial", "tap"] as const) {
      expect(new Set(nodes.map((node) => node[key])).size).toBe(99);
    }
    expect(nodes.at(-1)?.address).toBe("10.77.0.109");
    expect(SANDBOX_NETWORK.pool.first).toBe("10.77.0.200");
  });

  test.each([
    [{ nodes: 0, managers: 0 }, "1 to 99 nodes, not 0"],
    [{ nodes: 100, managers: 1 }, "1 to 99 nodes, not 100"],
    [{ nodes: 1.5, managers: 1 }, "1 to 99 nodes, not 1.5"],
    [{ nodes: 2, managers: 3 }, "0 to 2 can be managers, not 3"],
    [{ nodes: 2, managers: -1 }, "0 to 2 can be managers, not -1"],
  ])("refuses %j", (counts, message) => {
    expect(() => planNodes({ ...counts, firmware: ["bios"] })).toThrow(message);
  });

  test("refuses an empty list of firmware", () => {
    expect(() => planNodes({ nodes: 1, managers: 1, firmware: [] })).toThrow("no firmware");
  });

  test("declares a node in the words of the data directory", () => {
    const [node] = planNodes({ nodes: 1, managers: 1, firmware: ["bios"] });
    expect(node === undefined ? undefined : machineDocument(node)).toEqual({
      name: "core-01",
      macs: ["52:54:00:77:00:01"],
      uuid: "77000000-0000-4000-8000-525400770001",
      serial: "RAILHEAD-01",
      address: "10.77.0.11",
      role: "manager",
    });
  });
});

test("memory that the image does not boot in is refused", () => {
  expect(checkMemory(512)).toBe(512);
  expect(() => checkMemory(256)).toThrow("at least 512 MiB");
  expect(() => checkMemory(Number.NaN)).toThrow("at least 512 MiB");
});
