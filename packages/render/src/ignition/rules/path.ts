import { type Report, text, type View } from "../view.ts";

/** Reports a path that is missing, relative, or not in its simplest form (`/a/../b`, `//a`, `/a/`). */
export function checkPath(view: View, key: string, report: Report): void {
  const problem = pathProblem(text(view, key) ?? "");
  if (problem !== undefined) report.error(view, [key], problem);
}

export function pathProblem(path: string): string | undefined {
  if (path === "") return "path not specified";
  if (!path.startsWith("/")) return "path not absolute";
  if (path === "/") return undefined;
  const clean = path
    .slice(1)
    .split("/")
    .every((name) => name !== "" && name !== "." && name !== "..");
  return clean ? undefined : "path is not fully simplified";
}

/** `/a/b/c` -> `/a/b`, `/a`; the root is nobody's parent here. */
export function parentsOf(path: string): readonly string[] {
  const parents: string[] = [];
  for (let at = path.lastIndexOf("/"); at > 0; at = path.lastIndexOf("/", at - 1)) parents.push(path.slice(0, at));
  return parents;
}
