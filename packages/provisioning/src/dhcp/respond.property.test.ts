import { clientMessage, LAB_SERVER, LAB_SERVICES, labNetwork } from "@railhead/testkit";
import { ipv4FromNumber, ipv4ToNumber, parseIpv4, parseMac } from "@railhead/wire";
import fc from "fast-check";
import { expect, test } from "vitest";
import { buildInventory } from "../inventory/inventory.ts";
import { type Binding, isHeld } from "./binding.ts";
import { BindingTable } from "./binding-table.ts";
import { respond } from "./respond.ts";

const FIRST = ipv4ToNumber(parseIpv4("10.77.0.100"));
const SERVER = LAB_SERVER;
const RESERVED = parseIpv4("10.77.0.102");
const OWNER = parseMac("52:54:00:00:00:01");
const network = labNetwork({
  pool: { first: ipv4FromNumber(FIRST), last: ipv4FromNumber(FIRST + 4) },
  leaseSeconds: 600,
  quarantineSeconds: 300,
});
const services = LAB_SERVICES;
const owner = { name: "owner", macs: [OWNER], address: RESERVED, boot: "network", labels: {} } as const;
const { inventory } = buildInventory({
  machines: [{ file: "machines/owner.json", machine: owner }],
  groups: [],
  profiles: [],
  ignitionFiles: new Set(),
});

const step = fc.record({
  client: fc.integer({ min: 1, max: 8 }),
  type: fc.constantFrom("discover", "discover", "request", "select", "renew", "release", "decline"),
  offset: fc.integer({ min: -1, max: 6 }),
  waitSeconds: fc.constantFrom(0, 0, 1, 30, 61, 400, 700),
});

test("whatever clients do in whatever order, no address has two holders, none leaves the pool, none reserved goes astray", () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 120, size: "max" }), (steps) => {
      const bindings = new BindingTable(network);
      /** What clients believe: who was last told that an address is theirs, and until when. */
      const told = new Map<string, Binding>();
      let now = 1_800_000_000_000;
      for (const { client, type, offset, waitSeconds } of steps) {
        now += waitSeconds * 1000;
        const mac = `52:54:00:00:00:0${client}`;
        const address = ipv4FromNumber(FIRST + offset);
        const message = {
          discover: () => clientMessage("discover", { mac }),
          request: () => clientMessage("request", { mac, requested: address }),
          select: () => clientMessage("request", { mac, requested: address, serverId: SERVER }),
          renew: () => clientMessage("request", { mac, ciaddr: address }),
          release: () => clientMessage("release", { mac, ciaddr: address }),
          decline: () => clientMessage("decline", { mac, requested: address, serverId: SERVER }),
        }[type]();
        const outcome = respond({ message, network, services, inventory, bindings, now });
        if (outcome.kind === "ignore" || outcome.binding === undefined) continue;
        const { binding } = outcome;
        bindings.apply(binding);
        const number = ipv4ToNumber(binding.address);
        expect(number).toBeGreaterThanOrEqual(FIRST);
        expect(number).toBeLessThanOrEqual(FIRST + 4);
        expect(binding.address === RESERVED && binding.mac !== OWNER).toBe(false);
        const other = told.get(binding.address);
        const taken = other !== undefined && other.mac !== binding.mac && isHeld(other, now);
        expect(taken, `${binding.address} of ${other?.mac} given to ${binding.mac}`).toBe(false);
        // A client that takes another address has left the one it had.
        for (const former of told.values()) if (former.mac === binding.mac) told.delete(former.address);
        told.set(binding.address, binding);
      }
    }),
    { numRuns: 300 },
  );
});

test("a client that declined one address keeps the other that it has, in whatever order the two are read back", () => {
  const mac = parseMac("52:54:00:00:00:07");
  const declined = { address: ipv4FromNumber(FIRST + 1), mac, state: "declined", expiresAt: 900 } as const;
  const leased = { address: ipv4FromNumber(FIRST), mac, state: "leased", expiresAt: 600 } as const;
  for (const order of [
    [declined, leased],
    [leased, declined],
  ]) {
    const bindings = new BindingTable(network);
    for (const binding of order) bindings.apply(binding);
    expect(bindings.ofMac(mac)).toEqual(leased);
    expect(bindings.ofAddress(leased.address)).toEqual(leased);
    expect(bindings.ofAddress(declined.address)).toEqual(declined);
  }
});

test("a pool of 50,000 is handed out whole, each address once, and then it is exhausted (MY-04)", () => {
  const first = ipv4ToNumber(parseIpv4("10.1.0.0"));
  const big = { pool: { first: ipv4FromNumber(first), last: ipv4FromNumber(first + 49_999) } };
  const bindings = new BindingTable(big);
  const seen = new Set<string>();
  for (let client = 0; client < 50_000; client += 1) {
    const address = bindings.findFree(() => false, 0);
    if (address === undefined) throw new Error("exhausted too early");
    seen.add(address);
    bindings.apply({
      address,
      mac: parseMac((0x0200_0000_0000 + client).toString(16).padStart(12, "0")),
      state: "leased",
      expiresAt: 1000,
    });
  }
  expect(seen.size).toBe(50_000);
  expect(bindings.findFree(() => false, 999)).toBeUndefined();
  expect(bindings.findFree(() => false, 1000)).toBeDefined();
});
