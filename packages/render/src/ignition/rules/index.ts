import { checkKernelArguments } from "../duplicates.ts";
import type { TypeName } from "../schema.ts";
import type { Rule } from "../view.ts";
import { checkDisk, checkPartition } from "./disk.ts";
import { checkFilesystem, checkFilesystemDevices, checkRaid } from "./filesystem.ts";
import { checkClevis, checkLuks, checkTang } from "./luks.ts";
import { checkDirectory, checkFile, checkLink, checkNodes, checkOwner, checkUnitPaths } from "./node.ts";
import { checkProxy, checkReference, checkResource } from "./resource.ts";
import { checkDropin, checkUnit } from "./systemd.ts";

/** What must hold beyond shapes, by the object that it is about. */
export const RULES: Partial<Record<TypeName, readonly Rule[]>> = {
  config: [checkKernelArguments, checkUnitPaths],
  proxy: [checkProxy],
  resource: [checkResource],
  reference: [checkReference],
  contents: [checkResource],
  storage: [checkNodes, checkFilesystemDevices],
  owner: [checkOwner],
  directory: [checkDirectory],
  file: [checkFile],
  link: [checkLink],
  disk: [checkDisk],
  partition: [checkPartition],
  filesystem: [checkFilesystem],
  raid: [checkRaid],
  luks: [checkLuks],
  clevis: [checkClevis],
  tang: [checkTang],
  unit: [checkUnit],
  dropin: [checkDropin],
};
