export type Conditions = "held" | "unmet" | "unknown";

/** What systemd says about one unit (`systemctl show`). Names and words are systemd's. */
export interface UnitState {
  readonly unit: string;
  /** `loaded`, `not-found`, `bad-setting`, `error`, `masked`. */
  readonly loadState: string;
  /** `active`, `reloading`, `inactive`, `failed`, `activating`, `deactivating`. */
  readonly activeState: string;
  /** Finer and per type: `running`, `exited`, `dead`, `auto-restart`, `waiting`, `listening`. */
  readonly subState: string;
  /** `success`, or how it failed: `exit-code`, `signal`, `timeout`, `start-limit-hit`. Targets have none. */
  readonly result: string | undefined;
  /** Services only: `simple`, `exec`, `notify`, `oneshot` ... */
  readonly type: string | undefined;
  /** Services only: exit status or signal number of the main process, 0 while there is none. */
  readonly mainStatus: number | undefined;
  /** Services only: restarts by `Restart=` since the last start by hand. */
  readonly restarts: number | undefined;
  /**
   * Whether its conditions (`ConditionPathExists=` ...) held when it was last started. `unknown` when it was
   * not started, or when systemd has forgotten: it unloads a unit that is not running as soon as it likes.
   */
  readonly conditions: Conditions;
  /** Its files have changed since systemd read them. */
  readonly needsReload: boolean;
  readonly after: readonly string[];
  readonly requires: readonly string[];
  readonly requisite: readonly string[];
  readonly bindsTo: readonly string[];
  readonly partOf: readonly string[];
  readonly conflicts: readonly string[];
}
