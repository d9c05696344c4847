import type { MacAddress } from "@railhead/wire";

/** A MAC address or the beginning of one, by whole octets: `52:54:00` is every card of that vendor. */
export type MacPattern = string & { readonly __brand: "MacPattern" };

const PATTERN = /^[0-9a-f]{2}(?::[0-9a-f]{2}){0,5}$/;

/** @throws RangeError when the text is no pattern; `-` separates like `:`, in any case */
export function parseMacPattern(text: string): MacPattern {
  const pattern = text.toLowerCase().replaceAll("-", ":");
  if (!PATTERN.test(pattern))
    throw new RangeError(`${JSON.stringify(text)} is neither a MAC address nor the beginning of one`);
  return pattern as MacPattern;
}

export function matchesMac(pattern: MacPattern, mac: MacAddress): boolean {
  return mac.startsWith(pattern);
}
