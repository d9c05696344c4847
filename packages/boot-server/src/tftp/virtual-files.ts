/** Who asks for a file. */
export interface FileClient {
  readonly address: string;
  /** The address of ours that it asked. */
  readonly serverAddress: string;
}

export interface VirtualFile {
  readonly name: string;
  readonly content: Uint8Array;
}

/** The file is one of ours to make, and cannot be made: for the log. */
export interface UnmadeFile {
  readonly reason: "not-made";
  readonly message: string;
}

/** Files that are on no disk: made for whoever asks. */
export interface VirtualFiles {
  /**
   * @param name a path without `..` and the like, as `tftpPath` makes it
   * @returns `undefined` when this is no file of ours
   */
  find(name: string, client: FileClient): Promise<VirtualFile | UnmadeFile | undefined>;
}
