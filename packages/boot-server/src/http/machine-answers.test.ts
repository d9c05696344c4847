import { buildInventory, type InventoryDocument, parseGroup, parseMachine, parseProfile } from "@railhead/provisioning";
import { compileTemplate } from "@railhead/render";
import { expect, test } from "vitest";
import { type Snapshot, snapshotOf } from "../inventory/snapshot.ts";
import { type Settings, settingsSchema } from "../settings/schema.ts";
import { machineAnswers } from "./machine-answers.ts";
import { readMachineQuery } from "./machine-request.ts";

const settings: Settings = settingsSchema.parse({ stateDir: "/s", dataPath: "/d", http: { address: "0.0.0.0" } });
const answers = machineAnswers({ settings: () => settings, agents: undefined, addressOf: () => undefined });

function value<T>(parsed: { readonly value: T } | { readonly problems: unknown }): T {
  if ("value" in parsed) return parsed.value;
  throw new Error(JSON.stringify(parsed.problems));
}

function snapshotWith(boot: string, template = "ignition: { version: 3.3.0 }"): Snapshot {
  const document = (file: string, content: unknown): InventoryDocument => ({ file, value: content });
  const machine = value(
    parseMachine(document("machines/a.json", { name: "core-01", macs: ["52:54:00:77:00:01"], boot })),
  );
  const { inventory } = buildInventory({
    machines: [{ file: "machines/a.json", machine }],
    groups: [value(parseGroup(document("groups/all.json", { profile: "p", metadata: { list: [1] } })))],
    profiles: [value(parseProfile(document("profiles/p.json", { boot: { kernel: "/k" }, ignition_id: "i" })))],
    ignitionFiles: new Set(["i"]),
  });
  const ignition = new Map([["i", compileTemplate({ name: "ignition/i", text: template })]]);
  return snapshotOf({ inventory, ignition });
}

const query = readMachineQuery("/x?mac=52:54:00:77:00:01&mac=other&extra=1", "10.0.0.1");

test("a machine boots what its group says", () => {
  expect(answers.ipxe(query, snapshotWith("network")).body).toBe("#!ipxe\nkernel /k\nboot\n");
});

test("an installed machine goes on to its own disk, whatever its group says (MY-08)", () => {
  const { status, body } = answers.ipxe(query, snapshotWith("local"));
  expect(status).toBe(200);
  expect(body).toContain("sanboot");
  expect(body).not.toContain("kernel");
});

test("a machine that waits for the operator asks again, and gets no config", () => {
  const snapshot = snapshotWith("wait");
  expect(answers.ipxe(query, snapshot).body).toContain("core-01 waits for the operator");
  expect(answers.ignition(query, snapshot)).toMatchObject({ status: 403, refusal: { reason: "waits-for-operator" } });
});

test("the server in a template is the address that the machine reached", () => {
  const answer = answers.ignition(
    query,
    snapshotWith("network", 'ignition: { version: 3.3.0, config: { replace: { source: "{{server.url}}/x" } } }'),
  );
  expect(answer.body).toContain("http://10.0.0.1:8080/x");
});

test("one machine's values are not another's: a template cannot change what the next one sees (MY-14)", () => {
  const snapshot = snapshotWith("network");
  const before = answers.metadata(query, snapshot).body;
  answers.metadata(readMachineQuery("/x?mac=52:54:00:77:00:02&extra=2", "10.0.0.2"), snapshot);
  expect(answers.metadata(query, snapshot).body).toBe(before);
});
