/** The Ignition specs that are understood, oldest first. */
export const SPEC_VERSIONS = ["3.0.0", "3.1.0", "3.2.0", "3.3.0", "3.4.0", "3.5.0"] as const;

export type SpecVersion = (typeof SPEC_VERSIONS)[number];

/** What our own configs target: the newest spec that Debian's Ignition 2.14 and every Flatcar since 3185 accept. */
export const DEFAULT_SPEC_VERSION: SpecVersion = "3.3.0";

export function isSpecVersion(version: unknown): version is SpecVersion {
  return SPEC_VERSIONS.some((known) => known === version);
}

export function isAtLeast(version: SpecVersion, since: SpecVersion): boolean {
  return SPEC_VERSIONS.indexOf(version) >= SPEC_VERSIONS.indexOf(since);
}
