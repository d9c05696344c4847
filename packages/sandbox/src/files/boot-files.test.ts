import { createHash } from "node:crypto";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, onTestFinished, test } from "vitest";
import { nodeImageFiles, parseManifest, verifyBootFiles } from "./boot-files.ts";

const CONTENT = { vmlinuz: "a kernel", "live.img": "a system" };

function entry(text: string): { readonly size: number; readonly sha256: string } {
  return { size: text.length, sha256: createHash("sha256").update(text).digest("hex") };
}

/** A node image; what is given here differs from what its manifest says. */
async function image(changes: Readonly<Record<string, string | undefined>> = {}): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), "railhead-image-"));
  onTestFinished(() => rm(folder, { recursive: true }));
  const files = { vmlinuz: entry(CONTENT.vmlinuz), "live.img": entry(CONTENT["live.img"]) };
  const manifest = JSON.stringify({ recipe: "0123456789abcdef", files });
  for (const [name, text] of Object.entries({ ...CONTENT, "manifest.json": manifest, ...changes })) {
    await (text === undefined ? undefined : writeFile(join(folder, name), text));
  }
  return folder;
}

describe("a node image", () => {
  test("that is as its manifest says may be booted", async () => {
    await expect(verifyBootFiles(nodeImageFiles(await image()))).resolves.toBeUndefined();
  });

  test.each([
    ["is shorter than it was built", { "live.img": "a syst" }, "checksum-mismatch"],
    ["has other content", { "live.img": "A system" }, "checksum-mismatch"],
    ["lacks a file", { vmlinuz: undefined }, "missing-file"],
    ["lacks its manifest", { "manifest.json": undefined }, "missing-file"],
    ["has a broken manifest", { "manifest.json": '{"files":{"vmlinuz"' }, "bad-manifest"],
    ["has a manifest without a kernel", { "manifest.json": '{"files":{}}' }, "bad-manifest"],
  ])("that %s is refused, with advice", async (_, changes, code) => {
    const refused = verifyBootFiles(nodeImageFiles(await image(changes)));
    await expect(refused).rejects.toMatchObject({ code });
  });
});

test.each(["", "[]", "{}", '{"files":[]}', '{"files":{"a":{}}}', '{"files":{"a":{"sha256":"ABC"}}}'])(
  "%j is no manifest",
  (text) => {
    expect(() => parseManifest(text, "manifest.json")).toThrow(expect.objectContaining({ code: "bad-manifest" }));
  },
);
