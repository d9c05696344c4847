import { expect, test } from "vitest";
import { describeDhcp4, describeTftp } from "./describe.ts";
import { decodeDhcp4 } from "./dhcp4/message.ts";

const BLANK = new Uint8Array(240);
BLANK.set([1, 1, 6]);
BLANK.set([99, 130, 83, 99], 236);

test("an option that its reader refuses is shown with the reason", () => {
  const data = Uint8Array.of(10, 0, 1);
  const text = describeDhcp4({
    ...decodeDhcp4(BLANK),
    options: [
      { code: 54, data },
      { code: 222, data },
    ],
  });
  expect(text.split("\n").slice(-3)).toEqual([
    "54 serverId: malformed, option 54 has 3 bytes, not 4 (at byte 0): 0a0001",
    "222 ?: 0a0001",
    "",
  ]);
});

test("what stands after a name's NUL and after the address is shown, not hidden", () => {
  const bytes = BLANK.slice();
  bytes.set([1, 2, 3, 4, 5, 6, 7], 28);
  bytes.set([65, 0, 0xff], 108);
  const lines = describeDhcp4(decodeDhcp4(bytes)).split("\n");
  expect(lines[9]).toBe("chaddr: 01:02:03:04:05:06 then 07000000000000000000");
  expect(lines[11]).toBe('file: "A" then 00ff');
});

test("TFTP packets are one line each", () => {
  expect(
    [
      describeTftp({ kind: "wrq", fileName: "a", mode: "netascii", options: [] }),
      describeTftp({ kind: "data", block: 7, data: new Uint8Array(9) }),
      describeTftp({ kind: "ack", block: 7 }),
      describeTftp({ kind: "error", code: 1, message: "no such file" }),
      describeTftp({ kind: "oack", options: [{ name: "tsize", value: "9" }] }),
    ].join("\n"),
  ).toBe('WRQ "a" netascii\nDATA 7, 9 bytes\nACK 7\nERROR 1 "no such file"\nOACK tsize=9');
});
