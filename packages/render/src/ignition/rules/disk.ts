import { utf8Bytes } from "../../text-encoding.ts";
import { children, integer, type Report, text, type View } from "../view.ts";
import { checkPath } from "./path.ts";

const LABEL_LIMIT_CHARACTERS = 36;
const GUID = /^[0-9A-F]{8}-[0-9A-F]{4}-[0-9A-F]{4}-[0-9A-F]{4}-[0-9A-F]{12}$/i;

export function checkDisk(disk: View, report: Report): void {
  checkDevice(disk, report);
  const partitions = children(disk, "partitions");
  const numbers = new Set<number>();
  const labels = new Set<string>();
  for (const partition of partitions) {
    const number = integer(partition, "number") ?? 0;
    const label = text(partition, "label");
    if (number !== 0 && numbers.has(number)) report.error(partition, [], "partition numbers collide");
    if (label !== undefined && labels.has(label))
      report.error(partition, [], "cannot use the same partition label twice");
    numbers.add(number);
    if (label !== undefined) labels.add(label);
  }
  checkOverlaps(partitions, report);
  if (numbers.has(0) && partitions.some(isRemoval)) {
    const message = "shouldExist is false for a partition and other partition(s) has start or size 0";
    report.error(disk, ["partitions"], message);
  }
}

/** A device that something is made on, which Ignition's messages call a disk whatever it is. */
export function checkDevice(view: View, report: Report): void {
  if ((text(view, "device") ?? "") === "") report.error(view, ["device"], "disk device is required");
  else checkPath(view, "device", report);
}

export function checkPartition(partition: View, report: Report): void {
  const label = text(partition, "label");
  const described = ["label", "guid", "typeGuid"].some((key) => (text(partition, key) ?? "") !== "");
  const sized = ["startMiB", "sizeMiB"].some((key) => integer(partition, key) !== undefined);
  if (isRemoval(partition) && (described || sized || label !== undefined)) {
    report.error(partition, [], "shouldExist specified false with other options also specified");
  }
  if ((integer(partition, "number") ?? 0) === 0 && label === undefined) {
    report.error(partition, [], "a partition number >= 1 or a label must be specified");
  }
  if (label !== undefined && utf8Bytes(label).length > LABEL_LIMIT_CHARACTERS) {
    report.error(partition, ["label"], "partition labels may not exceed 36 characters");
  }
  if (label?.includes(":")) {
    report.error(partition, ["label"], "partition label will be truncated to text before the colon");
  }
  for (const key of ["guid", "typeGuid"]) {
    const guid = text(partition, key) ?? "";
    if (guid !== "" && !GUID.test(guid)) {
      report.error(partition, [key], `doesn't match the form "01234567-89AB-CDEF-EDCB-A98765432101"`);
    }
  }
}

function isRemoval(partition: View): boolean {
  return partition.fields["shouldExist"] === false;
}

interface Extent {
  readonly partition: View;
  readonly firstMiB: number;
  readonly lastMiB: number;
}

/** Only partitions with a fixed start and size can be compared; 0 leaves the place to the partitioning tool. */
function checkOverlaps(partitions: readonly View[], report: Report): void {
  const fixed: Extent[] = [];
  for (const partition of partitions) {
    const firstMiB = integer(partition, "startMiB");
    const sizeMiB = integer(partition, "sizeMiB");
    if (firstMiB === undefined || firstMiB === 0 || sizeMiB === undefined) continue;
    const lastMiB = firstMiB + Math.max(sizeMiB, 1) - 1;
    const overlaps = fixed.some((other) => firstMiB <= other.lastMiB && other.firstMiB <= lastMiB);
    if (overlaps) report.error(partition, [], "partitions overlap");
    fixed.push({ partition, firstMiB, lastMiB });
  }
}
