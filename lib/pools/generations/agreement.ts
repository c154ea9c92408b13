import type { LeaseBook } from "../leases";
import { POOL_RECORD, type PoolRecord, type PoolRecords } from "./pool-record";

/**
 * What the managers of a pool have agreed on, as this one knows it: from its view of the pool some milliseconds after another manager has written it,
 * and from the store where it asks.
 */
export class Agreement {
  #record: PoolRecord = {};
  #version = 0;

  constructor(
    private readonly records: PoolRecords,
    private readonly book: LeaseBook,
  ) {}

  /** What is known of it without asking. */
  get record(): PoolRecord {
    const seen = this.book.object(POOL_RECORD);
    if (seen && seen.version > this.#version) {
      // One that cannot be read is told of by whoever asks for it.
      const record = this.records.parsed(seen.value);
      if (record) [this.#record, this.#version] = [record, seen.version];
    }
    return this.#record;
  }

  /** Reads it. @param signal gives it up @throws what the store says, where it does not answer in time or refuses */
  async learn(signal: AbortSignal): Promise<PoolRecord> {
    ({ record: this.#record, version: this.#version } = await this.records.read(signal));
    return this.#record;
  }

  /**
   * Changes it.
   *
   * @param change gives what it is to be; the same object where nothing is to be changed
   * @param signal gives it up
   * @throws what the store says, where it does not answer in time or refuses: then it is not known whether it was changed
   */
  async change(change: (now: PoolRecord) => PoolRecord, signal: AbortSignal): Promise<PoolRecord> {
    ({ record: this.#record, version: this.#version } = await this.records.change(change, signal));
    return this.#record;
  }

  /**
   * Waits until every manager goes by what is known here: none begins a claim by anything older from then on. A manager that is silent for its ttl
   * is not waited for, since it claims nothing before it has looked at the pool anew.
   *
   * @param what is known here, for the error
   * @throws ManagersBehindError where some renew their leases and have not seen it within ten seconds, or four times the ttl where that is longer
   */
  async known(what: string): Promise<void> {
    await this.book.seenByAll(this.#version, what);
  }
}
