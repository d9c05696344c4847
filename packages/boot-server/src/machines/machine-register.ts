import {
  type Contact,
  type ContactSource,
  findMachine,
  type MachineRecord,
  type RecordStore,
  recordContact,
} from "@railhead/provisioning";
import type { MacAddress } from "@railhead/wire";
import type { Snapshot } from "../inventory/snapshot.ts";
import type { EventLog, MachineProgress } from "../log/events.ts";

export interface MachineRegisterParts {
  readonly store: RecordStore<MachineRecord>;
  readonly snapshot: () => Snapshot;
  readonly now: () => number;
  readonly log: EventLog;
}

/** Anybody can make up MAC addresses: of those that nobody has declared, only so many are remembered. */
const MOST_STRANGERS = 1000;

/** Remembers what each machine did last, and says so. Only declared machines are written down. */
export class MachineRegister {
  readonly #parts: MachineRegisterParts;
  /** The newest record of each declared machine, ahead of the store while a write is under way. */
  readonly #latest: Map<string, MachineRecord>;
  /** Those of machines that nobody has declared; the ones heard of longest ago come first. */
  readonly #strangers = new Map<string, MachineRecord>();

  constructor(parts: MachineRegisterParts) {
    this.#parts = parts;
    this.#latest = new Map(parts.store.all());
  }

  /**
   * Takes a contact into account.
   *
   * @returns when it is durable; a store that fails is logged and does not stop the machine from booting
   */
  async contact(mac: MacAddress, contact: Contact): Promise<void> {
    const { store, snapshot, now, log } = this.#parts;
    const machine = findMachine(snapshot().inventory, { mac });
    const source: ContactSource = { id: machine?.name ?? mac, mac, role: machine?.role };
    const records = machine === undefined ? this.#strangers : this.#latest;
    const former = records.get(source.id);
    const record = recordContact(former, source, contact, now());
    if (record === undefined || record === former) return;
    records.delete(record.id); // to the end of the order
    records.set(record.id, record);
    const [oldest] = this.#strangers.keys();
    if (this.#strangers.size > MOST_STRANGERS && oldest !== undefined) this.#strangers.delete(oldest);
    log({ event: "machine.progress", ...progressOf(record, now()) });
    if (machine === undefined) return;
    try {
      await store.put(record.id, record);
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      log({ event: "store.problem", problem: `machine ${record.id} not recorded: ${reason}` });
    }
  }
}

function progressOf({ id, mac, role, address, boot }: MachineRecord, now: number): MachineProgress {
  const unit = boot.stage === "unit" ? boot.unit : undefined;
  return {
    machine: id,
    mac,
    stage: boot.stage,
    ...(role === undefined ? {} : { role }),
    ...(address === undefined ? {} : { address }),
    ...(boot.revision === undefined ? {} : { revision: boot.revision }),
    ...unit,
    unitsOk: boot.units.filter(({ outcome }) => outcome !== "failed").length,
    ...(boot.unitsTotal === undefined ? {} : { unitsTotal: boot.unitsTotal }),
    ...(boot.failedUnit === undefined ? {} : { failedUnit: boot.failedUnit }),
    ...(boot.reason === undefined ? {} : { reason: boot.reason }),
    ...(boot.journal === undefined ? {} : { journal: boot.journal }),
    bootSeconds: Math.round(((boot.endedAt ?? now) - boot.startedAt) / 100) / 10,
  };
}
