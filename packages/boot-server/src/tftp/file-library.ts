import { tftpPath } from "@railhead/wire";
import type { BootFiles, DiskFile } from "./boot-files.ts";
import { raspberryPiNames } from "./raspberry-pi.ts";
import type { FileClient, UnmadeFile, VirtualFile, VirtualFiles } from "./virtual-files.ts";

/** A file that is served, by its name below the root: from the disk, or made for this client. */
export type FoundFile =
  | { readonly kind: "disk"; readonly name: string; readonly file: DiskFile }
  | ({ readonly kind: "virtual" } & VirtualFile);

export type NoFile = { readonly reason: "not-found" | "outside-root" } | UnmadeFile;

export interface FileLibraryParts {
  readonly root: BootFiles;
  /** What HTTP serves under `/assets/`, for clients that load their kernel by TFTP: `assets/vmlinuz`. */
  readonly assets: BootFiles | undefined;
  readonly virtual: VirtualFiles;
}

/** Everything that machines load by name before they run, over TFTP and HTTP alike. */
export class FileLibrary {
  readonly #parts: FileLibraryParts;

  constructor(parts: FileLibraryParts) {
    this.#parts = parts;
  }

  /** @param requested the name as the client sent it */
  async find(requested: string, client: FileClient): Promise<FoundFile | NoFile> {
    const name = tftpPath(requested);
    if (name === undefined) return { reason: "outside-root" };
    const made = await this.#parts.virtual.find(name, client);
    if (made !== undefined) return "reason" in made ? made : { kind: "virtual", ...made };
    return this.#onDisk(name);
  }

  #onDisk(name: string): FoundFile | NoFile {
    const { root, assets } = this.#parts;
    if (/(?:^|\/)\./.test(name)) return { reason: "not-found" }; // no firmware asks for dot files
    const exact = root.locate(name);
    if (!("reason" in exact)) return { kind: "disk", name, file: exact };
    for (const other of raspberryPiNames(name)) {
      const file = root.locate(other);
      if (!("reason" in file)) return { kind: "disk", name: other, file };
    }
    const asset = name.startsWith("assets/") ? assets?.locate(name.slice("assets/".length)) : undefined;
    return asset === undefined || "reason" in asset ? exact : { kind: "disk", name, file: asset };
  }
}
