import type { TypeName } from "./schema.ts";
import { child, children, integer, items, type Report, text, type View } from "./view.ts";

const DUPLICATE = "duplicate entry defined";

/** By what Ignition tells the items of a list apart when it merges configs; two items with one key are an error. */
const KEYS: Partial<Record<TypeName, string>> = {
  reference: "source",
  httpHeader: "name",
  user: "name",
  group: "name",
  disk: "device",
  filesystem: "device",
  luks: "name",
  raid: "name",
  tang: "url",
  unit: "name",
  dropin: "name",
};

export function checkUniqueObjects(type: TypeName, list: readonly View[], report: Report): void {
  const key = KEYS[type];
  reportRepeated(
    list.map((view) => [type === "partition" ? partitionKey(view) : (text(view, key ?? "") ?? ""), view]),
    report,
  );
}

export function checkUniqueStrings(view: View, key: string, report: Report): void {
  const seen = new Set<unknown>();
  for (const [index, item] of items(view, key).entries()) {
    if (seen.has(item)) report.error(view, [key, index], DUPLICATE);
    seen.add(item);
  }
}

/** Directories, files and links share one name space: the tree they are written to. */
export function checkUniqueNodes(storage: View, report: Report): void {
  const nodes = ["directories", "files", "links"].flatMap((kind) => children(storage, kind));
  reportRepeated(
    nodes.map((node) => [text(node, "path") ?? "", node]),
    report,
  );
}

/** An argument cannot be both wanted and unwanted. Each list by itself is checked as a set. */
export function checkKernelArguments(config: View, report: Report): void {
  const kernelArguments = child(config, "kernelArguments");
  const wanted = new Set(items(kernelArguments, "shouldExist"));
  for (const [index, argument] of items(kernelArguments, "shouldNotExist").entries()) {
    if (wanted.has(argument)) report.error(kernelArguments, ["shouldNotExist", index], DUPLICATE);
  }
}

function partitionKey(view: View): string {
  const number = integer(view, "number") ?? 0;
  return number === 0 ? `label ${text(view, "label") ?? ""}` : `number ${number}`;
}

function reportRepeated(keyed: readonly (readonly [string, View])[], report: Report): void {
  const seen = new Set<string>();
  for (const [key, view] of keyed) {
    if (seen.has(key)) report.error(view, [], DUPLICATE);
    seen.add(key);
  }
}
