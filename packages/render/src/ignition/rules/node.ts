import { checkUniqueNodes } from "../duplicates.ts";
import { child, children, integer, isTrue, type Report, text, type View } from "../view.ts";
import { checkPath, parentsOf, pathProblem } from "./path.ts";

const KINDS = { directories: "directory", files: "file", links: "link" } as const;
const SPECIAL_BITS = 0o7000;

export function checkFile(file: View, report: Report): void {
  checkNode(file, report);
  checkMode(file, report);
  if (isTrue(file, "overwrite") && text(child(file, "contents"), "source") === undefined) {
    report.error(file, ["overwrite"], "overwrite must be false if source is unspecified");
  }
}

export function checkDirectory(directory: View, report: Report): void {
  checkNode(directory, report);
  checkMode(directory, report);
}

export function checkLink(link: View, report: Report): void {
  checkNode(link, report);
  if ((text(link, "target") ?? "") === "") report.error(link, ["target"], "link target is required");
}

export function checkOwner(owner: View, report: Report): void {
  if (integer(owner, "id") !== undefined && (text(owner, "name") ?? "") !== "") {
    report.error(owner, [], "cannot set both id and name");
  }
}

function checkNode(node: View, report: Report): void {
  checkPath(node, "path", report);
}

function checkMode(node: View, report: Report): void {
  const mode = integer(node, "mode");
  if (mode === undefined) return;
  if (mode < 0 || mode > 0o7777) report.error(node, ["mode"], "illegal file mode");
  if ((mode & SPECIAL_BITS) !== 0) {
    const message = "setuid/setgid/sticky bits are not supported or functional in spec versions older than 3.6.0";
    report.warning(node, ["mode"], message);
  }
}

/** Rules between nodes: Ignition writes them in no order that would make these work. */
export function checkNodes(storage: View, report: Report): void {
  checkUniqueNodes(storage, report);
  const links = pathsOf(storage, "links");
  const files = pathsOf(storage, "files");
  const directories = pathsOf(storage, "directories");
  for (const [list, kind] of Object.entries(KINDS)) {
    for (const node of children(storage, list)) {
      const path = text(node, "path") ?? "";
      const parents = pathProblem(path) === undefined ? parentsOf(path) : [];
      if (parents.some((parent) => links.has(parent))) {
        report.error(node, [], `${kind} path includes link in config`);
      }
      if (parents.some((parent) => files.has(parent))) {
        const advice = "check path, and ensure parent directory is configured";
        report.error(node, ["path"], `parent directory path matches configured file, ${advice}`);
      }
    }
  }
  for (const link of children(storage, "links")) {
    if (isTrue(link, "hard") && directories.has(text(link, "target") ?? "")) {
      report.error(link, [], "hard link target is a directory");
    }
  }
}

/** A unit is a file too: whichever Ignition wrote last would win. */
export function checkUnitPaths(config: View, report: Report): void {
  const written = new Set<string>();
  for (const unit of children(child(config, "systemd"), "units")) {
    const path = `/etc/systemd/system/${text(unit, "name") ?? ""}`;
    if ((text(unit, "contents") ?? "") !== "") written.add(path);
    for (const dropin of children(unit, "dropins")) {
      if ((text(dropin, "contents") ?? "") !== "") written.add(`${path}.d/${text(dropin, "name") ?? ""}`);
    }
  }
  for (const list of Object.keys(KINDS)) {
    for (const node of children(child(config, "storage"), list)) {
      if (written.has(text(node, "path") ?? "")) {
        report.error(node, ["path"], "path conflicts with systemd unit or dropin");
      }
    }
  }
}

function pathsOf(storage: View, list: string): ReadonlySet<string> {
  return new Set(children(storage, list).map((node) => text(node, "path") ?? ""));
}
