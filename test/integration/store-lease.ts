/** What the writer that is killed and the test that looks after it agree on. */
export interface Lease {
  readonly address: number;
  readonly renewals: number;
}

export function parseLease(value: unknown): Lease {
  if (typeof value === "object" && value !== null && "address" in value && "renewals" in value) {
    const { address, renewals } = value;
    if (typeof address === "number" && typeof renewals === "number") {
      return { address, renewals };
    }
  }
  throw new TypeError("not a lease");
}
