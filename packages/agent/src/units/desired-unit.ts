/** A file to be in systemd's unit directory: `etcd.service`, or a drop-in `etcd.service.d/10-limits.conf`. */
export interface UnitFile {
  readonly name: string;
  readonly content: string;
}

/** One unit of the role's list, with all that defines it. */
export interface DesiredUnit {
  readonly unit: string;
  /** Its unit file and drop-ins, and those of its companions. */
  readonly files: readonly UnitFile[];
  /**
   * Units that this one triggers and that come from the repo without being listed: the service of a
   * timer, a socket or a path. They are installed, and systemd starts them when their time comes.
   */
  readonly companions: readonly string[];
}
