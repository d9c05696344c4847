import type { AgentErrorCode } from "../agent-error.ts";

/** What `railhead-agent run` says by its exit code (SW-40). */
export const EXIT_CODE = {
  /** All units of the list run or have finished. */
  running: 0,
  /** A unit failed; the units after it were not started. */
  unitFailed: 1,
  /** Bad settings or bad usage. Nothing was changed, and trying again is in vain. */
  badSettings: 2,
  /** The config repo cannot be had, or it or its list is wrong. No unit was started. */
  badConfig: 3,
  /** systemd cannot be reached, or the agent has a bug. */
  broken: 4,
} as const;

/** The exit code for a run that ended in an `AgentError`, by its code. */
export const EXIT_CODE_OF_ERROR: Readonly<Record<AgentErrorCode, number>> = {
  "settings-unreadable": EXIT_CODE.badSettings,
  "settings-invalid": EXIT_CODE.badSettings,
  "git-missing": EXIT_CODE.badConfig,
  "repo-unreachable": EXIT_CODE.badConfig,
  "repo-refused": EXIT_CODE.badConfig,
  "repo-interrupted": EXIT_CODE.badConfig,
  "ref-missing": EXIT_CODE.badConfig,
  "checkout-blocked": EXIT_CODE.badConfig,
  "list-missing": EXIT_CODE.badConfig,
  "config-invalid": EXIT_CODE.badConfig,
  "systemd-failed": EXIT_CODE.broken,
};
