/** What iPXE loads. iPXE expands `${...}` in it. */
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
  /** The texts of `boot` are templates with a machine's variables; else they are passed on as they are, byte for byte. */
  readonly templated?: true;
  /** A file of the directory `ignition/`. */
  readonly ignitionId?: string;
}
