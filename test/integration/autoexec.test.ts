import { createLab, LAB_URL, labNeeds } from "@railhead/testkit";
import { describe, expect, test } from "vitest";
import { fetchFile, PLAIN_CLIENTS } from "./tftp-clients.ts";

const needs = labNeeds("atftp", "busybox", "curl", "tftp");
const LOADERS = { "tftp/snponly.efi": "a loader", "tftp/efi/x64/ipxe.efi": "a loader in a directory" };

describe.skipIf(needs.skip)(`iPXE that has just been loaded${needs.note}`, () => {
  test("R17: finds autoexec.ipxe beside its loader, over TFTP and HTTP, with absolute URLs in it", async () => {
    await using lab = await createLab({ clientAddress: "10.77.0.250/24", files: LOADERS });
    const texts: (string | undefined)[] = [];
    for (const client of PLAIN_CLIENTS) {
      for (const name of ["autoexec.ipxe", "efi/x64/autoexec.ipxe"]) {
        texts.push((await fetchFile(lab, client, name)).content?.toString());
      }
    }
    texts.push((await lab.http("/boot/autoexec.ipxe")).text);
    const [script = ""] = texts;
    expect(new Set(texts).size).toBe(1);
    expect(script).toMatch(/^#!ipxe\n/);
    const chained = [...script.matchAll(/^chain (\S+)/gm)].map(([, url]) => url ?? "");
    expect(chained.length).toBe(1);
    expect(chained[0]?.startsWith(`${LAB_URL}/ipxe?`)).toBe(true);
  });
});
