import type { Profile } from "@railhead/provisioning";

/**
 * The path that a profile's kernel is fetched from, whichever server its URL names, be it by `{{server.url}}`:
 * `/assets/vmlinuz`.
 */
export function kernelPathOf({ boot }: Profile): string | undefined {
  if (boot === undefined) return undefined;
  const url = boot.kernel.replace(/^(?:[a-z]+:\/\/|\{\{)[^/]+/, "");
  return url.startsWith("/") ? url : `/${url}`;
}
