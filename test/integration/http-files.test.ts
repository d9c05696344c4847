import { createHash } from "node:crypto";
import { readdirSync, readlinkSync, symlinkSync, truncateSync } from "node:fs";
import { join } from "node:path";
import { createLab, LAB_URL, type Lab, labNeeds } from "@railhead/testkit";
import { beforeAll, describe, expect, test } from "vitest";
import { randomBytes, seededRandom } from "./random.ts";

const needs = labNeeds("curl", "git");
const IMAGE = randomBytes(seededRandom(3), 3_000_000);
const AGENT = randomBytes(seededRandom(4), 2_000_000);
const AGENT_HASH = createHash("sha512").update(AGENT).digest("hex");

let lab: Lab;

describe.skipIf(needs.skip)(`the files that a node loads over HTTP${needs.note}`, () => {
  beforeAll(async () => {
    lab = await createLab({
      clientAddress: "10.77.0.250/24",
      files: {
        "assets/live.img": IMAGE,
        "assets/sub/vmlinuz": "kernel",
        "assets/empty": "",
        "assets/huge.img": "",
        "assets/.hidden": "hidden",
        "secret.txt": "secret",
        "agent/railhead-agent-linux-x64": AGENT,
        "agent/railhead-agent.json": {
          version: "0.1.0",
          executables: { x64: { file: "railhead-agent-linux-x64", sha512: AGENT_HASH, size: AGENT.length } },
        },
      },
      settings: (settings) => ({ ...settings, agentDir: "agent" }),
    });
    symlinkSync(join(lab.directory, "secret.txt"), join(lab.directory, "assets/linked.img"));
    symlinkSync("..", join(lab.directory, "assets/up"));
    symlinkSync("sub/vmlinuz", join(lab.directory, "assets/inside.img"));
    return async () => lab[Symbol.asyncDispose]();
  });

  test("an asset comes whole, with its length, and says that it can be had in parts", async () => {
    const { status, headers, body } = await lab.http("/assets/live.img");
    expect([status, headers["content-length"], headers["accept-ranges"]]).toEqual([200, `${IMAGE.length}`, "bytes"]);
    expect(body.equals(IMAGE)).toBe(true);
  });

  test.each([
    ["bytes=0-99", 0, 100],
    ["bytes=1000000-1999999", 1_000_000, 2_000_000],
    ["bytes=2999900-", 2_999_900, 3_000_000],
    ["bytes=-100", 2_999_900, 3_000_000],
    ["bytes=2999999-5000000", 2_999_999, 3_000_000],
  ])("a part of an asset, %s, is that part (206)", async (range, start, end) => {
    const { status, headers, body } = await lab.http("/assets/live.img", { headers: { range } });
    expect([status, headers["content-range"]]).toEqual([206, `bytes ${start}-${end - 1}/${IMAGE.length}`]);
    expect(body.equals(IMAGE.subarray(start, end))).toBe(true);
  });

  test.each(["bytes=3000000-", "bytes=4000000-5000000"])(
    "a part that is not there, %s, is 416 with the size",
    async (range) => {
      const { status, headers } = await lab.http("/assets/live.img", { headers: { range } });
      expect([status, headers["content-range"]]).toEqual([416, `bytes */${IMAGE.length}`]);
    },
  );

  test("downloads that break off leave no file open, and the next one comes whole", async () => {
    truncateSync(join(lab.directory, "assets/huge.img"), 200_000_000);
    const url = `${LAB_URL}/assets/huge.img`;
    const broken = [
      "curl",
      "--silent",
      "--output",
      "/dev/null",
      "--limit-rate",
      "100k",
      "--max-time",
      "0.5",
      url,
    ] as const;
    const codes = await Promise.all(Array.from({ length: 40 }, async () => (await lab.run(broken)).code));
    expect(new Set(codes)).toEqual(new Set([28]));
    await expect.poll(() => openFiles().filter((path) => path.endsWith("huge.img")), { timeout: 10_000 }).toEqual([]);
    expect((await lab.http("/assets/live.img")).body.equals(IMAGE)).toBe(true);
  });

  test("HEAD tells the length, as UEFI asks for it first", async () => {
    const { status, headers, body } = await lab.http("/assets/live.img", { method: "HEAD" });
    expect([status, headers["content-length"], body.length]).toEqual([200, `${IMAGE.length}`, 0]);
  });

  test("an asset that a node has already is not sent again, by its tag or its time", async () => {
    const { headers } = await lab.http("/assets/live.img", { method: "HEAD" });
    const byTag = await lab.http("/assets/live.img", { headers: { "if-none-match": headers["etag"] ?? "" } });
    const byTime = await lab.http("/assets/live.img", {
      headers: { "if-modified-since": headers["last-modified"] ?? "" },
    });
    expect([byTag.status, byTime.status, byTag.body.length]).toEqual([304, 304, 0]);
    const changed = await lab.http("/assets/live.img", { headers: { "if-none-match": '"another"' } });
    expect(changed.status).toBe(200);
  });

  test.each([
    ["/assets/sub/vmlinuz", 200, "kernel"],
    ["/assets/empty", 200, ""],
    ["/assets/missing", 404, undefined],
    ["/assets/", 404, undefined],
    ["/assets/inside.img", 200, "kernel"],
    ["/assets/sub//vmlinuz", 200, "kernel"],
    ["/assets/sub", 404, undefined],
  ])("%s is answered with %i", async (path, status, text) => {
    const answer = await lab.http(path);
    expect([answer.status, status === 200 ? answer.text : undefined]).toEqual([status, text]);
  });

  test.each([
    "/assets/../secret.txt",
    "/assets/../../../../../../etc/passwd",
    "/assets/%2e%2e/secret.txt",
    "/assets/..%2fsecret.txt",
    "/assets/%2e%2e%2fsecret.txt",
    "/assets/sub/../../secret.txt",
    "/assets/..%5csecret.txt",
    "/assets/%252e%252e/secret.txt",
    "/assets//etc/passwd",
    "/assets/live.img%00",
    "/assets/.hidden",
    "/assets/linked.img",
    "/assets/up/secret.txt",
    "/secret.txt",
    "/../secret.txt",
    "/agent/../secret.txt",
    "/agent/0.1.0/..%2f..%2fsecret.txt",
    "/git/config.git/../../secret.txt",
    "/git/config.git/config",
  ])("%s, which leads out of what is served, is refused", async (path) => {
    const { status, text } = await lab.http(path);
    expect(status).toBeGreaterThanOrEqual(400);
    expect(status).toBeLessThan(500);
    expect(text).not.toMatch(/^secret|^hidden|^root:|repositoryformatversion/);
  });

  test.each(["POST", "PUT", "DELETE"] as const)("%s of an asset is refused", async (method) => {
    expect((await lab.http("/assets/live.img", { method })).status).toBe(404);
    expect((await lab.http("/assets/live.img", { method: "HEAD" })).status).toBe(200);
  });

  test("the agent comes as the bytes whose sha512 the templates are given", async () => {
    const { status, headers, body } = await lab.http("/agent/0.1.0/x64");
    expect([status, headers["content-length"]]).toEqual([200, `${AGENT.length}`]);
    expect(createHash("sha512").update(body).digest("hex")).toBe(AGENT_HASH);
    const head = await lab.http("/agent/0.1.0/x64", { method: "HEAD" });
    expect([head.status, head.headers["content-length"]]).toEqual([200, `${AGENT.length}`]);
  });

  test.each(["/agent/0.1.0/arm64", "/agent/0.0.9/x64", "/agent/0.1.0/..", "/agent/0.1.0/__proto__"])(
    "%s, which is not served, is 404",
    async (path) => {
      expect((await lab.http(path)).status).toBe(404);
    },
  );
});

/** What the server has open. */
function openFiles(): readonly string[] {
  const folder = `/proc/${lab.server.pid}/fd`;
  return readdirSync(folder).flatMap((fd) => {
    try {
      return [readlinkSync(join(folder, fd))];
    } catch {
      return []; // closed in between
    }
  });
}
