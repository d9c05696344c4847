import { buildInventory, type MachineRecord } from "@railhead/provisioning";
import { memoryStore } from "@railhead/store";
import { parseMac } from "@railhead/wire";
import { expect, test } from "vitest";
import { snapshotOf } from "../inventory/snapshot.ts";
import type { ServerEvent } from "../log/events.ts";
import { MachineRegister } from "./machine-register.ts";

const KNOWN = parseMac("52:54:00:77:00:01");
const machine = { name: "core-01", macs: [KNOWN], role: "manager", boot: "network", labels: {} } as const;
const { inventory } = buildInventory({
  machines: [{ file: "machines/core-01.json", machine }],
  groups: [],
  profiles: [],
  ignitionFiles: new Set(),
});

function createRegister() {
  const events: ServerEvent[] = [];
  const store = memoryStore<MachineRecord>();
  const register = new MachineRegister({
    store,
    snapshot: () => snapshotOf({ inventory }),
    now: () => 1000,
    log: (event) => events.push(event),
  });
  return { events, store, register };
}

test("a declared machine's progress is said and written down, once for each step", async () => {
  const { events, store, register } = createRegister();
  await register.contact(KNOWN, { kind: "ipxe" });
  await register.contact(KNOWN, { kind: "ipxe" });
  expect(events).toMatchObject([{ event: "machine.progress", machine: "core-01", stage: "ipxe", role: "manager" }]);
  expect(store.get("core-01")).toMatchObject({ mac: KNOWN, boots: 1 });
});

test("machines that nobody has declared are never written down: anybody can make up addresses", async () => {
  const { events, store, register } = createRegister();
  for (let number = 0; number < 2000; number += 1) {
    await register.contact(parseMac(number.toString(16).padStart(12, "0")), { kind: "ipxe" });
  }
  expect(store.all().size).toBe(0);
  expect(events).toHaveLength(2000);
  // The newest is still known, the first is forgotten, and so its next contact is news again.
  await register.contact(parseMac((1999).toString(16).padStart(12, "0")), { kind: "ipxe" });
  expect(events).toHaveLength(2000);
  await register.contact(parseMac("000000000000"), { kind: "ipxe" });
  expect(events).toHaveLength(2001);
});
