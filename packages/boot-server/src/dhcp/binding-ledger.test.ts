import { type Binding, isHeld, type RecordStore } from "@railhead/provisioning";
import { memoryStore } from "@railhead/store";
import { labNetwork } from "@railhead/testkit";
import { parseIpv4, parseMac } from "@railhead/wire";
import { expect, test } from "vitest";
import { BindingLedger } from "./binding-ledger.ts";

const X = parseIpv4("10.77.0.100");
const Y = parseIpv4("10.77.0.101");
const A = parseMac("52:54:00:00:00:0a");
const B = parseMac("52:54:00:00:00:0b");
const NOW = 1_800_000_000_000;
const network = labNetwork();

function binding(mac: typeof A, address: typeof X, state: Binding["state"], seconds = 600): Binding {
  return { mac, address, state, expiresAt: NOW + seconds * 1000 };
}

/** Whether an address may be given to somebody else, now and after a restart. */
function heldBy(
  ledger: BindingLedger,
  store: RecordStore<Binding>,
  address: typeof X,
): readonly (string | undefined)[] {
  return [ledger, new BindingLedger(store, [network])].map((each) => {
    const found = each.ofAddress(address);
    return found !== undefined && isHeld(found, NOW) ? found.mac : undefined;
  });
}

/** A ledger in which A has declined X and leased Y. */
async function afterDecline() {
  const store = memoryStore<Binding>();
  const ledger = new BindingLedger(store, [network]);
  await ledger.record(network, binding(A, X, "leased"));
  await ledger.record(network, binding(A, X, "declined", 900));
  await ledger.record(network, binding(A, Y, "leased"));
  return { store, ledger };
}

test("to release a declined address leaves the lease of the client that declined it alone", async () => {
  const { store, ledger } = await afterDecline();
  expect(await ledger.release(X)).toBe(true);
  expect(heldBy(ledger, store, Y)).toEqual([A, A]);
  expect(heldBy(ledger, store, X)).toEqual([undefined, undefined]);
  expect(await ledger.release(X)).toBe(false);
});

test("when the clock is set, every lease is still there, in memory and on disk", async () => {
  const { store, ledger } = await afterDecline();
  await ledger.shift(3_600_000);
  expect(heldBy(ledger, store, Y)).toEqual([A, A]);
  expect(store.get(Y)?.expiresAt).toBe(NOW + 4_200_000);
  expect(store.get(X)).toMatchObject({ state: "declined", expiresAt: NOW + 4_500_000 });
});

test("when the clock is set and the disk is full, memory is right all the same", async () => {
  const { store, ledger: first } = await afterDecline();
  expect(first.values()).toHaveLength(2);
  const full = {
    ...store,
    all: () => store.all(),
    get: (key: string) => store.get(key),
    put: () => Promise.reject(new Error("full")),
    delete: () => Promise.resolve(),
  };
  const ledger = new BindingLedger(full, [network]);
  await expect(ledger.shift(1000)).rejects.toThrow("full");
  expect(ledger.ofAddress(Y)?.expiresAt).toBe(NOW + 601_000);
});

test("an offer of another address leaves the lease that the client may go on with", async () => {
  const store = memoryStore<Binding>();
  const ledger = new BindingLedger(store, [network]);
  await ledger.record(network, binding(A, Y, "leased", 3600));
  await ledger.record(network, binding(A, X, "offered", 60));
  expect(heldBy(ledger, store, Y)).toEqual([A, A]);
  // Taken up, it is the only one, whichever would have lasted longer; also after a restart or a reload.
  await ledger.record(network, binding(A, X, "leased", 600));
  expect(heldBy(ledger, store, X)).toEqual([A, A]);
  expect(heldBy(ledger, store, Y)).toEqual([undefined, undefined]);
  ledger.replaceNetworks([{ ...network, leaseSeconds: 60 }]);
  expect(ledger.addressOf(A, NOW)).toBe(X);
});

test("who leaves an address does not take the record of its new holder along", async () => {
  const store = memoryStore<Binding>();
  const gate = Promise.withResolvers<void>();
  const slow: RecordStore<Binding> = {
    all: () => store.all(),
    get: (key) => store.get(key),
    delete: (key) => store.delete(key),
    put: async (key, value) => {
      if (key === Y) await gate.promise;
      await store.put(key, value);
    },
  };
  const ledger = new BindingLedger(slow, [network]);
  await ledger.record(network, binding(A, X, "leased"));
  const moving = ledger.record(network, binding(A, Y, "leased"));
  await ledger.record(network, binding(B, X, "leased"));
  gate.resolve();
  await moving;
  expect(heldBy(ledger, store, X)).toEqual([B, B]);
  expect(heldBy(ledger, store, Y)).toEqual([A, A]);
});

test("what could not be written is taken back, but not from under who came in between", async () => {
  const store = memoryStore<Binding>();
  const gate = Promise.withResolvers<void>();
  const failing: RecordStore<Binding> = {
    all: () => store.all(),
    get: (key) => store.get(key),
    delete: (key) => store.delete(key),
    put: (key, value) => (key === Y ? gate.promise : store.put(key, value)),
  };
  const ledger = new BindingLedger(failing, [network]);
  await ledger.record(network, binding(A, X, "leased"));
  const moving = ledger.record(network, binding(A, Y, "leased"));
  await ledger.record(network, binding(B, X, "leased"));
  gate.reject(new Error("full"));
  await expect(moving).rejects.toThrow("full");
  expect(heldBy(ledger, store, X)).toEqual([B, B]);
  expect(heldBy(ledger, store, Y)).toEqual([undefined, undefined]);
});

test("only a lease that still runs says whose an address is", async () => {
  const store = memoryStore<Binding>();
  const ledger = new BindingLedger(store, [network]);
  await ledger.record(network, binding(A, X, "offered"));
  expect([ledger.addressOf(A, NOW), ledger.holderOf(X, NOW)]).toEqual([undefined, undefined]);
  await ledger.record(network, binding(A, X, "leased"));
  expect([ledger.addressOf(A, NOW), ledger.holderOf(X, NOW)]).toEqual([X, A]);
  expect([ledger.addressOf(A, NOW + 600_000), ledger.holderOf(X, NOW + 600_000)]).toEqual([undefined, undefined]);
});
