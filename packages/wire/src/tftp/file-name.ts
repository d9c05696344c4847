/**
 * The path below the served root that a requested name means, or undefined when it points outside. Leading slashes are
 * dropped, `\` separates like `/` (Windows), empty and `.` segments vanish (shim asks for `sb//grubx64.efi`), and so do
 * the 0xff, NUL and space that old UEFI appends (rule R5).
 */
export function tftpPath(fileName: string): string | undefined {
  const segments = fileName
    .replace(/[\xff\0 ]+$/, "")
    .split(/[/\\]/)
    .filter((segment) => segment !== "" && segment !== ".");
  if (segments.length === 0 || segments.some((segment) => segment === ".." || segment.includes("\0"))) return undefined;
  return segments.join("/");
}
