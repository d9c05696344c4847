/** Failures that are the caller's to mend rather than ours: exit code 2. */
const USAGE_CODES: ReadonlySet<unknown> = new Set(["bad-settings", "bad-inventory", "bad-usage"]);

/** What the person at the terminal reads: every line of the message, then what to do. Bugs keep their stack. */
export function describeFailure(error: unknown): { readonly text: string; readonly exitCode: number } {
  if (!(error instanceof Error)) return { text: `railhead: ${String(error)}`, exitCode: 1 };
  const code = "code" in error ? error.code : undefined;
  const hint = "hint" in error && typeof error.hint === "string" ? error.hint : undefined;
  if (hint === undefined) return { text: error.stack ?? error.message, exitCode: 1 };
  const lines = error.message.split("\n").map((line) => `railhead: ${line}`);
  return { text: [...lines, `  hint: ${hint}`].join("\n"), exitCode: USAGE_CODES.has(code) ? 2 : 1 };
}
