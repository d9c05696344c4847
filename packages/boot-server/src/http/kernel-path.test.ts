import { expect, test } from "vitest";
import { kernelPathOf } from "./kernel-path.ts";

test.each([
  ["/assets/vmlinuz", "/assets/vmlinuz"],
  ["assets/vmlinuz", "/assets/vmlinuz"],
  ["http://10.77.0.1:8080/assets/vmlinuz", "/assets/vmlinuz"],
  ["http://${next-server}:8080/assets/vmlinuz", "/assets/vmlinuz"],
  ["{{server.url}}/assets/vmlinuz", "/assets/vmlinuz"],
  ["http://{{server.address}}:8080/assets/vmlinuz", "/assets/vmlinuz"],
])("the kernel %s is fetched from %s", (kernel, path) => {
  expect(kernelPathOf({ id: "node", boot: { kernel, initrd: [], args: [] } })).toBe(path);
});
