/** Failures that are the caller's to mend rather than ours: exit code 2. */
const USAGE_CODES: ReadonlySet<unknown> = new Set(["bad-settings", "bad-inventory", "bad-option", "bad-usage"]);

/**
 * Our own failures have a code in lower case, `bad-settings`; those of Node are in capitals, `ENOENT`, and have come
 * here because nobody thought of them.
 */
const OWN_CODE = /^[a-z]+(?:-[a-z]+)*$/;

/** What the person at the terminal reads: every line of the message, then what to do. Bugs keep their stack. */
export function describeFailure(error: unknown): { readonly text: string; readonly exitCode: number } {
  if (!(error instanceof Error)) return { text: `railhead: ${String(error)}`, exitCode: 1 };
  const code: unknown = "code" in error ? error.code : undefined;
  if (typeof code !== "string" || !OWN_CODE.test(code)) return { text: error.stack ?? error.message, exitCode: 1 };
  const lines = error.message.split("\n").map((line) => `railhead: ${line}`);
  if ("hint" in error && typeof error.hint === "string") lines.push(`  hint: ${error.hint}`);
  return { text: lines.join("\n"), exitCode: USAGE_CODES.has(code) ? 2 : 1 };
}
