import { describe, expect, test } from "vitest";
import { createNodeBoard } from "./node-board.ts";
import { planNodes } from "./node-plan.ts";

function board() {
  let now = 0;
  return createNodeBoard(planNodes({ nodes: 2, managers: 1, firmware: ["bios"] }), () => (now += 1000));
}

describe("the board of the nodes", () => {
  test("tells its listeners of changes until they have heard enough", () => {
    const nodes = board();
    const heard: string[] = [];
    const unlisten = nodes.listen((node) => heard.push(`${node.name} ${node.stage}`));
    nodes.apply("core-02", { kind: "powered-on" });
    unlisten();
    nodes.apply("core-01", { kind: "powered-on" });
    expect(heard).toEqual(["core-02 powered on"]);
    expect(nodes.get("core-01").stage).toBe("powered on");
  });

  test("has no ear for machines that are no nodes", () => {
    const nodes = board();
    nodes.apply("52:54:00:00:00:99", { kind: "powered-on" });
    expect(nodes.all().map((node) => node.stage)).toEqual(["off", "off"]);
  });

  test("knows its nodes by name", () => {
    expect(() => board().get("core-09")).toThrow("no node is called core-09");
  });

  test("waits until the nodes are as wanted", async () => {
    const nodes = board();
    const waiting = nodes.until((all) => all.every((node) => node.stage === "powered on"), {});
    nodes.apply("core-01", { kind: "powered-on" });
    nodes.apply("core-02", { kind: "powered-on" });
    expect(await waiting).toBe(true);
    expect(await nodes.until(() => true, {})).toBe(true);
  });

  test("waits no longer than it may", async () => {
    const controller = new AbortController();
    expect(await board().until(() => false, { timeoutMs: 10 })).toBe(false);
    const waiting = board().until(() => false, { signal: controller.signal });
    controller.abort();
    await expect(waiting).rejects.toMatchObject({ code: "interrupted" });
  });
});
