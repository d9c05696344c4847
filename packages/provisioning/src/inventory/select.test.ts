import { describe, expect, test } from "vitest";
import { buildInventory, type Inventory } from "./inventory.ts";
import { type InventoryDocument, parseGroup, parseMachine, parseProfile } from "./parse.ts";
import { formatProblem } from "./problem.ts";
import { identify, select } from "./select.ts";

interface Documents {
  readonly machines?: Readonly<Record<string, unknown>>;
  readonly groups?: Readonly<Record<string, unknown>>;
  readonly profiles?: readonly string[];
}

function build({ machines = {}, groups = {}, profiles = ["p"] }: Documents) {
  const of = <T>(
    folder: string,
    documents: Readonly<Record<string, unknown>>,
    parse: (document: InventoryDocument) => { value: T } | { problems: unknown },
  ) =>
    Object.entries(documents).map(([name, value]) => {
      const parsed = parse({ file: `${folder}/${name}.json`, value });
      if (!("value" in parsed)) throw new Error(JSON.stringify(parsed.problems));
      return parsed.value;
    });
  return buildInventory({
    machines: of("machines", machines, parseMachine).map((machine) => ({
      file: `machines/${machine.name}.json`,
      machine,
    })),
    groups: of("groups", groups, parseGroup),
    profiles: of("profiles", Object.fromEntries(profiles.map((id) => [id, {}])), parseProfile),
    ignitionFiles: new Set(),
  });
}

/** The group that a query gets, or why it gets none. */
function groupFor(inventory: Inventory, query: Record<string, string>): string {
  const identified = identify(inventory, query);
  if ("reason" in identified) return identified.reason;
  const selection = select(inventory, identified.requester);
  return "reason" in selection ? selection.reason : selection.group.id;
}

const CORE_01 = {
  name: "core-01",
  macs: ["52:54:00:77:00:01", "52:54:00:77:00:f1"],
  role: "manager",
  uuid: "00112233-4455-6677-8899-AABBCCDDEEFF",
};

describe("who asks", () => {
  const { inventory } = build({
    machines: {
      "core-01": CORE_01,
      plain: { name: "plain", macs: ["52:54:00:77:00:02"], labels: { rack: "2" } },
    },
    groups: {
      managers: { profile: "p", selector: { role: "manager" } },
      workers: { profile: "p", selector: { role: "worker" } },
      first: { profile: "p", selector: { name: "core-01" } },
      rack: { profile: "p", selector: { rack: "1" } },
    },
  });

  test.each([
    ["by MAC, in every form of it", { mac: "52-54-00-77-00-01" }, "managers"],
    ["by the MAC of its second card", { mac: "52:54:00:77:00:F1" }, "managers"],
    ["by UUID, whatever its case", { uuid: "00112233-4455-6677-8899-aabbccddeeff" }, "managers"],
    ["a machine cannot choose its role in the query", { mac: "52:54:00:77:00:01", role: "worker" }, "managers"],
    ["an unknown machine gets no role by asking for it", { mac: "52:54:00:77:00:99", role: "manager" }, "no-group"],
    ["nor one that names no MAC", { role: "manager" }, "no-group"],
    ["nor a machine that is declared without one", { mac: "52:54:00:77:00:02", role: "manager" }, "no-group"],
    ["nobody gets a name by asking for it", { mac: "52:54:00:77:00:99", name: "core-01" }, "no-group"],
    ["an unknown machine has the other labels that it brings", { mac: "52:54:00:77:00:99", rack: "1" }, "rack"],
    ["a declared label stands over the one in the query", { mac: "52:54:00:77:00:02", rack: "1" }, "no-group"],
    ["an unknown machine that nothing matches gets nothing", { mac: "52:54:00:77:00:99" }, "no-group"],
    ["a MAC that is none is refused, never taken for absent", { mac: "52:54" }, "bad-mac"],
    ["an empty MAC likewise", { mac: "" }, "bad-mac"],
  ])("%s", (_name, query, expected) => {
    expect(groupFor(inventory, query)).toBe(expected);
  });
});

describe("which group", () => {
  test("most selectors win; among equals the greater text, as matchbox orders them", () => {
    const { inventory } = build({
      groups: {
        default: { profile: "p" },
        os: { profile: "p", selector: { os: "installed" } },
        region: { profile: "p", selector: { region: "eu" } },
        both: { profile: "p", selector: { os: "installed", region: "eu" } },
      },
    });
    expect(groupFor(inventory, {})).toBe("default");
    expect(groupFor(inventory, { os: "installed" })).toBe("os");
    expect(groupFor(inventory, { os: "installed", region: "eu" })).toBe("both");
    expect(inventory.groups.map(({ id }) => id)).toEqual(["both", "region", "os", "default"]);
  });

  test("a selector with an empty value matches a request without the label, as in matchbox", () => {
    const { inventory } = build({ groups: { fresh: { profile: "p", selector: { os: "" } } } });
    expect([groupFor(inventory, {}), groupFor(inventory, { os: "installed" })]).toEqual(["fresh", "no-group"]);
  });

  test("the group that wins is final: without its profile nothing is served, not the next group's", () => {
    const { inventory, problems } = build({
      groups: { default: { profile: "p" }, lab: { profile: "gone", selector: { rack: "1" } } },
    });
    expect(groupFor(inventory, { rack: "1" })).toBe("no-profile");
    expect(problems.map((problem) => formatProblem(problem, 3))).toEqual([
      "groups/lab.json:3: profile: there is no profiles/gone.json",
    ]);
  });
});

describe("what is wrong with an inventory", () => {
  test("names, MACs and addresses that two machines claim are problems, each with both files (MY-05)", () => {
    const { problems } = build({
      machines: {
        one: { name: "one", macs: ["52:54:00:77:00:01"], address: "10.0.0.1" },
        two: { name: "two", macs: ["52-54-00-77-00-01"], address: "10.0.0.1" },
      },
    });
    expect(problems.map((problem) => formatProblem(problem))).toEqual([
      "machines/two.json: macs.0: MAC 52:54:00:77:00:01 is also in machines/one.json",
      "machines/two.json: address: address 10.0.0.1 is also in machines/one.json",
    ]);
  });

  test("every problem of a document is listed, with its path", () => {
    const parsed = parseMachine({
      file: "machines/x.json",
      value: { name: "Not A Name", macs: ["zz"], adress: "10.0.0.1" },
    });
    const paths = "problems" in parsed ? parsed.problems.map(({ path }) => path.join(".")) : [];
    expect(paths.toSorted()).toEqual(["", "macs.0", "name"]);
  });
});
