/** What the agent wants of the config repo's remote. */
export interface GitRemote {
  /**
   * Fills the new, empty directory `directory` with the files of `ref` and returns the full commit id.
   *
   * Throws `AgentError`: `repo-unreachable` when it may work later, `repo-refused`, `ref-missing` or
   * `git-missing` when trying again is in vain, `repo-interrupted` when `signal` was aborted.
   */
  checkOut(request: CheckoutRequest): Promise<string>;
}

export interface CheckoutRequest {
  readonly repoUrl: string;
  /** Branch, tag or full commit id. */
  readonly ref: string;
  readonly directory: string;
  /** At most this long for the whole checkout; an integer. */
  readonly timeoutMs: number;
  readonly signal: AbortSignal;
}
