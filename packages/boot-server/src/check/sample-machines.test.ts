import { buildInventory, type Group, type Machine } from "@railhead/provisioning";
import { parseIpv4, parseMac } from "@railhead/wire";
import { expect, test } from "vitest";
import { snapshotOf } from "../inventory/snapshot.ts";
import { sampleMachines } from "./sample-machines.ts";

const group = (id: string, selector: Group["selector"]): Group => ({ id, profile: "p", selector, metadata: {} });

function machine(index: number, facts: Partial<Machine> = {}): Machine {
  const mac = parseMac(`5254${index.toString(16).padStart(8, "0")}`);
  return { name: `m${index}`, macs: [mac], boot: "network", labels: {}, ...facts };
}

function sampleOf(machines: readonly Machine[], groups: readonly Group[]): readonly string[] {
  const { inventory } = buildInventory({
    machines: machines.map((each) => ({ file: `machines/${each.name}.json`, machine: each })),
    groups,
    profiles: [{ id: "p" }],
    ignitionFiles: new Set(),
  });
  return sampleMachines(snapshotOf({ inventory })).map(({ name }) => name);
}

const ROLES = [group("managers", { role: "manager" }), group("workers", { role: "worker" })];

test("one machine of each kind is rendered, first one of every group", () => {
  const machines = [
    machine(1, { role: "worker" }),
    machine(2, { role: "worker" }),
    machine(3, { role: "worker", address: parseIpv4("10.0.0.3") }),
    machine(4, { role: "worker", labels: { rack: "1" } }),
    machine(5, { role: "worker", labels: { rack: "2" } }),
    machine(6, { role: "manager" }),
    machine(7),
  ];
  expect(sampleOf(machines, ROLES)).toEqual(["m1", "m6", "m3", "m4"]);
});

test("of many machines few are rendered, and still one of every group", () => {
  const machines = Array.from({ length: 50_000 }, (_, index) =>
    machine(index, { role: index % 100 === 99 ? "manager" : "worker", labels: { [`label-${index}`]: "1" } }),
  );
  expect(sampleOf(machines, ROLES)).toEqual(["m0", "m99"]);
});

test("with a group for every machine, which is how matchbox is often used, the machines are looked at in steps", () => {
  const machines = Array.from({ length: 5000 }, (_, index) => machine(index));
  const groups = machines.map(({ macs, name }) => group(name, { mac: macs[0] ?? "" }));
  const sample = sampleOf(machines, groups);
  expect(sample.length).toBeGreaterThan(10);
  expect(sample.length).toBeLessThan(500);
});
