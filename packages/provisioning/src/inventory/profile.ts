/** What iPXE loads. Text is passed on as it is: iPXE expands `${...}` in it. */
export interface NetBoot {
  readonly kernel: string;
  readonly initrd: readonly string[];
  readonly args: readonly string[];
}

/** What a machine boots: a file `profiles/*.json`, as matchbox reads it. */
export interface Profile {
  /** The file's base name. */
  readonly id: string;
  readonly name?: string;
  readonly boot?: NetBoot;
  /** A file of the directory `ignition/`. */
  readonly ignitionId?: string;
}
