export type StoreErrorCode =
  | "store-bad-key"
  | "store-bad-record"
  | "store-closed"
  | "store-collection-taken"
  | "store-locked"
  | "store-open-failed"
  | "store-version"
  | "store-write-failed";

/** Why a store could not do what it was asked; `hint` is what the person in front of it can do about it. */
export class StoreError extends Error {
  readonly code: StoreErrorCode;
  readonly hint: string | undefined;

  constructor(
    code: StoreErrorCode,
    message: string,
    details: { readonly cause?: unknown; readonly hint?: string } = {},
  ) {
    super(message, "cause" in details ? { cause: details.cause } : {});
    this.name = "StoreError";
    this.code = code;
    this.hint = details.hint;
  }
}
