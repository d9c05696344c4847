import { constants } from "node:fs";
import { access } from "node:fs/promises";
import { delimiter, join } from "node:path";
import { SandboxError } from "../sandbox-error.ts";

/** The programs the sandbox runs, each with the Debian package that has it. */
export const TOOL_PACKAGE = {
  setpriv: "util-linux",
  unshare: "util-linux",
  nsenter: "util-linux",
  ip: "iproute2",
  radvd: "radvd",
  git: "git",
  "qemu-system-x86_64": "qemu-system-x86",
  "qemu-img": "qemu-utils",
} as const;

export type Tool = keyof typeof TOOL_PACKAGE;

// Root's PATH in a shell opened by `su` lacks these, and `ip` and `radvd` live there.
const SYSTEM_DIRECTORIES = ["/usr/local/sbin", "/usr/sbin", "/sbin"];

/**
 * Looks each tool up. The function that is returned gives the absolute path of one.
 * Throws `missing-tool` that lists every absent one and the packages to install.
 */
export async function findTools<T extends Tool>(
  tools: readonly T[],
  searchPath: string = process.env["PATH"] ?? "",
  systemDirectories: readonly string[] = SYSTEM_DIRECTORIES,
): Promise<(tool: T) => string> {
  const directories = [...searchPath.split(delimiter).filter((entry) => entry !== ""), ...systemDirectories];
  const paths = new Map<T, string>();
  for (const tool of tools) {
    const path = await findExecutable(tool, directories);
    if (path !== undefined) {
      paths.set(tool, path);
    }
  }
  const missing = tools.filter((tool) => !paths.has(tool));
  if (missing.length > 0) {
    throw missingTools(missing);
  }
  return (tool) => paths.get(tool) ?? tool;
}

function missingTools(missing: readonly Tool[]): SandboxError {
  const packages = [...new Set(missing.map((tool) => TOOL_PACKAGE[tool]))];
  const what = missing.length === 1 ? `the program ${missing[0]} is` : `the programs ${missing.join(", ")} are`;
  return new SandboxError("missing-tool", `${what} not installed`, {
    hint: `On Debian: apt-get install ${packages.join(" ")}`,
  });
}

async function findExecutable(name: string, directories: readonly string[]): Promise<string | undefined> {
  for (const directory of directories) {
    const path = join(directory, name);
    const usable = await access(path, constants.X_OK).then(
      () => true,
      () => false,
    );
    if (usable) {
      return path;
    }
  }
  return undefined;
}
