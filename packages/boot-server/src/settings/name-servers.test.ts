import { parseIpv4 } from "@railhead/wire";
import { describe, expect, test } from "vitest";
import { formatSettings } from "./format.ts";
import { withNameServers } from "./name-servers.ts";
import { relationIssues } from "./relations.ts";
import { type SettingsInput, settingsSchema } from "./schema.ts";

const NETWORK = { name: "lab", subnet: "10.77.0.0/24", serverAddress: "10.77.0.1" };

function inputWith(dns: SettingsInput["dns"], network: object = {}) {
  return {
    stateDir: "/state",
    dataPath: "/data",
    http: { address: "10.77.0.1" },
    tftp: { root: "/tftp" },
    ...(dns === undefined ? {} : { dns }),
    networks: [{ ...NETWORK, ...network }],
  };
}

function settingsWith(dns: SettingsInput["dns"], network: object = {}) {
  return settingsSchema.safeParse(inputWith(dns, network));
}

function handedOut(dns: SettingsInput["dns"], network: object = {}): readonly string[] | undefined {
  const { data } = settingsWith(dns, network);
  return data === undefined ? undefined : withNameServers(data).networks[0]?.dns;
}

describe("the name servers that a network hands out", () => {
  test.each<readonly [string, SettingsInput["dns"], object, readonly string[]]>([
    ["none, where there is no DNS service", undefined, {}, []],
    ["this server, where it answers DNS", {}, {}, ["10.77.0.1"]],
    ["its own, where it has some", {}, { dns: ["10.77.0.53"] }, ["10.77.0.53"]],
    ["this server, where it answers there among others", { addresses: ["10.0.0.1", "10.77.0.1"] }, {}, ["10.77.0.1"]],
    ["none, where this server answers elsewhere only", { addresses: ["10.0.0.1"] }, {}, []],
    ["none, where this server answers on a port that no client knows", { port: 5353 }, {}, []],
  ])("%s", (_what, dns, network, expected) => {
    expect(handedOut(dns, network)).toEqual(expected);
  });
});

test("a server that asks itself would never end", () => {
  expect(relationIssues(inputWith({ upstream: ["10.0.0.53", "10.77.0.1"] }))).toEqual([
    { path: ["dns", "upstream", 1], message: "10.77.0.1 is this server itself" },
  ]);
  expect(relationIssues(inputWith({ upstream: ["10.77.0.1:5353"] }))).toEqual([]);
});

test("an upstream server is printed as it was written", () => {
  const { data } = settingsWith({ upstream: ["10.0.0.53", "10.0.0.54:5353"] });
  expect(data?.dns?.upstream).toEqual([
    { address: parseIpv4("10.0.0.53"), port: 53 },
    { address: parseIpv4("10.0.0.54"), port: 5353 },
  ]);
  expect(data === undefined ? "" : formatSettings(data)).toContain(
    "  upstream:\n    - 10.0.0.53\n    - 10.0.0.54:5353\n",
  );
});
