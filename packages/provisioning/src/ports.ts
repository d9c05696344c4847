/**
 * The interfaces the core needs of the outside. They are owned here, by the caller; every adapter in
 * `@railhead/store` passes the same contract suite.
 */

/**
 * Records of one kind by key, each record whole: a put replaces it.
 *
 * Keys are 1 to 200 characters without control characters; values are plain JSON data.
 */
export interface RecordStore<T> {
  /** All records. The map is live: it shows later puts. */
  all(): ReadonlyMap<string, T>;
  get(key: string): T | undefined;
  /**
   * Resolves when the record survives a power cut. It is visible to `get` only from then on.
   * Puts of one key take effect in call order; many puts in flight share one flush.
   * @throws StoreError when it could not be made durable; then the former record stands.
   */
  put(key: string, value: T): Promise<void>;
  /** As {@link put}, for the absence of the record. Deleting what is not there is no error. */
  delete(key: string): Promise<void>;
}
