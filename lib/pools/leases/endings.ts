import { messageOf } from "../../nomad";
import { emptied, patienceOf, type BookParts } from "./book-parts";
import { pause, settledWithin } from "./clock";
import { removeDecided, writeDecided } from "./decide";
import type { LeaseBookOptions } from "./options";
import type { SlotRecord } from "./records";

const FIRST_PAUSE = 250;
const LONGEST_PAUSE = 10_000;

/** Ends slots that this manager has to end: empties them, and offers or forgets them then. */
export class Endings {
  readonly #busy = new Map<string, Promise<void>>();
  readonly #stopped = new AbortController();

  constructor(
    private readonly parts: BookParts,
    private readonly end: LeaseBookOptions["end"],
  ) {}

  /** Begins with every slot of this manager that is to be ended and is not yet being ended. */
  look(): void {
    const { view, manager } = this.parts;
    if (this.#stopped.signal.aborted) return;
    for (const [key, { record }] of view.slots)
      if (record?.state === "ending" && record.manager === manager && !this.#busy.has(key)) this.begin(key, record);
  }

  /** Waits for those that have begun, for a while; another manager ends the rest. @param limit milliseconds */
  async stop(limit: number): Promise<void> {
    const { clock } = this.parts;
    await settledWithin(clock, limit, this.#busy.values());
    this.#stopped.abort(new Error("the lease book was stopped"));
  }

  private begin(key: string, record: SlotRecord): void {
    const work = this.finish(key, record).finally(() => this.#busy.delete(key));
    this.#busy.set(key, work);
  }

  private async finish(key: string, record: SlotRecord): Promise<void> {
    const { clock, onTrouble } = this.parts;
    for (let rest = FIRST_PAUSE; !this.#stopped.signal.aborted; rest = Math.min(rest * 2, LONGEST_PAUSE)) {
      try {
        const end = await this.end(record.slot, this.#stopped.signal);
        await this.settle(key, record, end);
        return;
      } catch (error) {
        if (this.#stopped.signal.aborted) return;
        onTrouble(`the slot ${record.slot} is not ended yet: ${messageOf(error)}`);
      }
      await pause(clock, rest, this.#stopped.signal);
      // Another manager may have taken it over meanwhile.
      if (!this.isMine(key, record)) return;
    }
  }

  private async settle(key: string, record: SlotRecord, end: "gone" | "free"): Promise<void> {
    const { store, view, nonce } = this.parts;
    const known = view.slots.get(key);
    if (!known || !this.isMine(key, record)) return;
    if (end === "gone") {
      if (await removeDecided(store, key, known.version, patienceOf(this.parts))) view.drop(key);
      return;
    }
    const value = JSON.stringify(emptied(record, record.over, nonce()));
    const version = await writeDecided(store, { key, value, version: known.version }, patienceOf(this.parts));
    if (version !== undefined) view.put(key, value, version);
  }

  private isMine(key: string, { claim, generation }: SlotRecord): boolean {
    const record = this.parts.view.slots.get(key)?.record;
    return (
      record?.state === "ending" &&
      record.manager === this.parts.manager &&
      record.claim === claim &&
      record.generation === generation
    );
  }
}
