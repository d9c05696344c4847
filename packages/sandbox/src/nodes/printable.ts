/** Text from a node on one line, without anything that a terminal would obey: anybody may have written it. */
export function printable(text: string): string {
  // oxlint-disable-next-line eslint/no-control-regex
  return text.replace(/[\x00-\x1f\x7f-\x9f]+/g, " ");
}
