import { expect, test } from "vitest";
import { parseArpTable } from "./address-probe.ts";

const TABLE = `IP address       HW type     Flags       HW address            Mask     Device
10.77.0.100      0x1         0x2         52:54:00:77:00:01     *        br0
10.77.0.101      0x1         0x0         00:00:00:00:00:00     *        br0
`;

test("a neighbour that answered is in the kernel's table with its address; one that did not is there without", () => {
  expect(parseArpTable(TABLE, "10.77.0.100")).toBe("52:54:00:77:00:01");
  expect(parseArpTable(TABLE, "10.77.0.101")).toBeUndefined();
  expect(parseArpTable(TABLE, "10.77.0.10")).toBeUndefined();
});
