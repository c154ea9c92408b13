import { patienceOf, type BookParts } from "./book-parts";
import { readDecided, writeDecided } from "./decide";
import { LeaseEndedError, type Lease, type LeaseEnd } from "./lease";
import { END_IN_WORDS, endOf, readSlot, type SlotRecord } from "./records";

/** The records of leases in the store: read, and changed as long as the lease stands. */
export class Ledger {
  constructor(private readonly parts: BookParts) {}

  /** Changes the record of a lease that stands, from what is known of it, or from what is there. @throws LeaseEndedError where it does not stand */
  async change(lease: Lease, make: (record: SlotRecord) => SlotRecord): Promise<SlotRecord> {
    const { store, keys, view } = this.parts;
    const key = keys.slot(lease.slot);
    const patience = patienceOf(this.parts);
    for (let known: { record?: SlotRecord; version: number } | undefined = view.slots.get(key); ;) {
      if (known?.record && endOf(lease, known.record) === undefined) {
        const record = make(known.record);
        const value = JSON.stringify(record);
        const version = await writeDecided(store, { key, value, version: known.version }, patience);
        if (version !== undefined) {
          view.put(key, value, version);
          return record;
        }
      }
      const found = await readDecided(store, key, patience);
      if (found) view.put(key, found.value, found.version);
      const record = found && readSlot(found.value);
      const end = endOf(lease, record);
      if (!found || end !== undefined) throw this.ended(lease, end ?? "gone");
      known = { record, version: found.version };
    }
  }

  /** Asks the store whether a lease stands. @throws LeaseEndedError where it does not */
  async stands(lease: Lease): Promise<void> {
    const end = endOf(lease, await this.read(lease.slot));
    if (end !== undefined) throw this.ended(lease, end);
  }

  /** What the store has of a slot. */
  async read(slot: string): Promise<SlotRecord | undefined> {
    const { store, keys } = this.parts;
    const found = await readDecided(store, keys.slot(slot), patienceOf(this.parts));
    return found && readSlot(found.value);
  }

  ended(lease: Lease, reason: LeaseEnd): LeaseEndedError {
    const message = `the lease of slot ${JSON.stringify(lease.slot)} of ${lease.pool} has ended: ${END_IN_WORDS[reason]}; claim another`;
    return new LeaseEndedError(lease, reason, message);
  }
}
