import { StoreError } from "./store-error.ts";

const MAX_KEY_LENGTH = 200;
// oxlint-disable-next-line eslint/no-control-regex -- control characters are what it looks for
const CONTROL_CHARACTER = /[\u0000-\u001f\u007f-\u009f]/;

/**
 * Checks a key against the rules of the port: 1 to 200 characters without control characters.
 * @throws StoreError store-bad-key
 */
export function checkKey(key: string): void {
  if (key.length === 0 || key.length > MAX_KEY_LENGTH) {
    throw new StoreError("store-bad-key", `a key has 1 to ${MAX_KEY_LENGTH} characters, this one has ${key.length}`);
  }
  if (CONTROL_CHARACTER.test(key)) {
    throw new StoreError("store-bad-key", `a key has no control characters: ${JSON.stringify(key)}`);
  }
}

/**
 * The JSON text of a value. Taken when a put is called, so that it does not matter what the caller does to
 * the object later.
 * @throws StoreError store-bad-record when JSON has no form for the value
 */
export function recordJson(value: unknown): string {
  let text: string | undefined;
  try {
    text = JSON.stringify(value);
  } catch (cause) {
    throw new StoreError("store-bad-record", "the value is not plain JSON data", { cause });
  }
  if (text === undefined) {
    throw new StoreError("store-bad-record", `the value is not plain JSON data but ${typeof value}`);
  }
  return text;
}
