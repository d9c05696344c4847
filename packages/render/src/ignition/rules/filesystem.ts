import { utf8Bytes } from "../../text-encoding.ts";
import { isAtLeast } from "../spec-version.ts";
import { children, isTrue, items, type Report, text, type View } from "../view.ts";
import { checkPath, pathProblem } from "./path.ts";

/** Formats and how long their labels may be. */
const LABEL_LIMIT_BYTES: Readonly<Record<string, number>> = { ext4: 16, btrfs: 256, xfs: 12, swap: 15, vfat: 11 };

export function checkFilesystem(filesystem: View, report: Report): void {
  checkPath(filesystem, "device", report);
  const format = text(filesystem, "format") ?? "";
  const label = text(filesystem, "label") ?? "";
  const path = text(filesystem, "path") ?? "";
  if (path !== "") checkPath(filesystem, "path", report);
  if (format === "") {
    const needsFormat =
      [path, label, text(filesystem, "uuid") ?? ""].some((value) => value !== "") ||
      isTrue(filesystem, "wipeFilesystem") ||
      ["options", "mountOptions"].some((key) => items(filesystem, key).length > 0);
    if (needsFormat) {
      const fields = "path, label, uuid, wipeFilesystem, options, or mountOptions";
      report.error(filesystem, ["format"], `format cannot be empty when ${fields} is specified`);
    }
    if (label !== "") report.error(filesystem, ["label"], "filesystem must specify format if label is specified");
    return;
  }
  const limit = Object.hasOwn(LABEL_LIMIT_BYTES, format) ? LABEL_LIMIT_BYTES[format] : undefined;
  if (limit === undefined) {
    const none = format === "none" && isAtLeast(filesystem.version, "3.3.0");
    if (!none) report.error(filesystem, ["format"], "invalid filesystem format");
  } else if (utf8Bytes(label).length > limit) {
    const message = `filesystem labels cannot be longer than ${limit} characters when using ${format}`;
    report.error(filesystem, ["label"], message);
  }
}

/** Filesystems made directly on a disk that the config also partitions or wipes. */
export function checkFilesystemDevices(storage: View, report: Report): void {
  const disks = new Map(children(storage, "disks").map((disk) => [text(disk, "device") ?? "", disk]));
  for (const filesystem of children(storage, "filesystems")) {
    const disk = disks.get(text(filesystem, "device") ?? "");
    if (disk === undefined) continue;
    if (isTrue(disk, "wipeTable") && !isTrue(filesystem, "wipeFilesystem")) {
      const message = "device matches disk with wipeTable enabled; filesystem will be wiped";
      report.warning(filesystem, ["device"], message);
    } else if (items(disk, "partitions").length > 0) {
      report.warning(filesystem, ["device"], "filesystem overwrites partitioned device");
    }
  }
}

const RAID_LEVELS = ["raid1", "1", "mirror", "raid4", "4", "raid5", "5", "raid6", "6", "raid10", "10"];
const RAID_LEVELS_WITHOUT_SPARES = ["linear", "raid0", "0", "stripe"];

export function checkRaid(raid: View, report: Report): void {
  const level = text(raid, "level") ?? "";
  const withoutSpares = RAID_LEVELS_WITHOUT_SPARES.includes(level);
  const spares = raid.fields["spares"];
  if (level === "") report.error(raid, ["level"], "raid level is required");
  else if (!withoutSpares && !RAID_LEVELS.includes(level)) report.error(raid, ["level"], "unrecognized raid level");
  else if (withoutSpares && typeof spares === "number" && spares !== 0) {
    report.error(raid, ["level"], "spares unsupported for linear and raid0 arrays");
  }
  const devices = items(raid, "devices");
  if (devices.length === 0) report.error(raid, ["devices"], "raid devices required");
  for (const [index, device] of devices.entries()) {
    const problem = typeof device === "string" ? pathProblem(device) : undefined;
    if (problem !== undefined) report.error(raid, ["devices", index], problem);
  }
}
