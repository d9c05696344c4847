export type NoAdmission = "server-busy" | "client-busy";

export interface AdmissionLimits {
  readonly maxTransfers: number;
  readonly maxTransfersPerClient: number;
}

/** How many transfers may be under way, in all and for each address. */
export class TransferAdmission {
  readonly #limits: AdmissionLimits;
  readonly #perClient = new Map<string, number>();
  #total = 0;

  constructor(limits: AdmissionLimits) {
    this.#limits = limits;
  }

  /** Why there is no room for one more transfer; `undefined` when there is, and it is taken: `leave` gives it back. */
  enter(address: string): NoAdmission | undefined {
    const count = this.#perClient.get(address) ?? 0;
    if (this.#total >= this.#limits.maxTransfers) return "server-busy";
    if (count >= this.#limits.maxTransfersPerClient) return "client-busy";
    this.#perClient.set(address, count + 1);
    this.#total += 1;
    return undefined;
  }

  leave(address: string): void {
    const count = this.#perClient.get(address) ?? 0;
    if (count > 1) this.#perClient.set(address, count - 1);
    else this.#perClient.delete(address);
    this.#total -= 1;
  }
}
