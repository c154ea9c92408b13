import { TokenRefused } from "../../errors";
import type { Snapshot, Store, StoredObject } from "../store";
import { pause, type Clock } from "./clock";
import { mayPass, within } from "./decide";
import type { PoolKeys } from "./keys";
import { readManager, readSlot, readTicket, type ManagerRecord, type SlotRecord, type TicketRecord } from "./records";

/** An object of the store as it is known here. */
export interface Known<R> {
  readonly key: string;
  readonly value: string;
  readonly version: number;
  readonly created: number;
  /** What is in it; undefined where somebody else wrote something that is none of ours. */
  readonly record: R | undefined;
  /** When this version was first seen, on our own clock. */
  readonly since: number;
}

interface Own {
  /** What was written, or undefined where it was removed. */
  readonly object: StoredObject | undefined;
  /** The version that was written or removed. */
  readonly version: number;
  /** How often the pool had been listed when the store acknowledged it. */
  readonly lists: number;
}

/** How many slots that are gone are remembered, the last ones: by then whoever offers them knows it too. */
const REMEMBERED = 10_000;
const FIRST_PAUSE = 50;
const LONGEST_PAUSE = 1000;
/**
 * Time between two lists, so that a pool of which many slots change is not listed for each of them: what this manager changes is in its view at
 * once, and what others change matters to it when somebody waits for it, or it runs out of its own share of the slots.
 */
const BETWEEN_LISTS = { awaited: 2, otherwise: 25 };

/** The whole pool, kept up by a blocking query; own writes are in it as soon as they are made. */
export class View {
  readonly slots = new Map<string, Known<SlotRecord>>();
  readonly tickets = new Map<string, Known<TicketRecord>>();
  readonly managers = new Map<string, Known<ManagerRecord>>();
  /**
   * Keys of slots that were leased or ended and are not there any more. What such a slot was never comes back, though whoever says what may be leased may not
   * know that yet: its container would be leased anew, with a generation that was somebody's before.
   */
  readonly gone = new Set<string>();
  /** What else lies below the pool's prefix, as of the last list. */
  others: ReadonlyMap<string, StoredObject> = new Map();
  /** The index of the store that the last list was of. */
  seen = 0;
  /** How many lists were asked for, and the number of the one that was answered last. */
  asked = 0;
  answered = 0;
  /** When the last answer came. */
  heard: number;
  readonly #own = new Map<string, Own>();
  #newest = 0;
  #stopped = new AbortController();

  constructor(
    private readonly store: Store,
    private readonly keys: PoolKeys,
    private readonly clock: Clock,
    /** Within how many milliseconds a list is answered, since something changes. */
    private readonly patience: number,
    /** After how many milliseconds without an answer slots may have come and gone that it shows nothing of. */
    private readonly gap: number,
    private readonly told: {
      /** Something has changed; `wentBack`: the store has lost what was written last. */
      readonly onChange: (wentBack: boolean) => void;
      /** The pool was not seen for a while, up to just now. */
      readonly onGap: () => void;
      readonly onTrouble: (message: string) => void;
      /** Whether somebody waits for a change. */
      readonly isAwaited: () => boolean;
    },
  ) {
    this.heard = clock.now();
  }

  /**
   * Reads the pool for the first time.
   *
   * @param written what was written before, and must be there
   * @throws TokenRefused where it is not: servers leave out of a list what a token may not read, and a pool would look free that is not
   */
  async open(written: string, signal?: AbortSignal): Promise<number> {
    const list = (this.asked += 1);
    const snapshot = await this.store.list(this.keys.prefix, { signal });
    if (!snapshot.objects.has(written)) {
      const { name } = this.store;
      const message = `${name} does not list what was just written below ${this.keys.prefix}; write a token that may list and read it too`;
      throw new TokenRefused(message);
    }
    this.apply(snapshot, list);
    return snapshot.index;
  }

  /** Keeps it up until it is closed. */
  async follow(from: number): Promise<void> {
    const { signal } = this.#stopped;
    let after: number | undefined = from;
    for (let rest = FIRST_PAUSE; !signal.aborted;) {
      const list: number = (this.asked += 1);
      try {
        const snapshot: Snapshot = await this.list(after);
        if (signal.aborted) return;
        // An index that went back would be waited for in vain.
        after = after !== undefined && snapshot.index < after ? undefined : snapshot.index;
        rest = FIRST_PAUSE;
        this.apply(snapshot, list);
        await pause(this.clock, this.told.isAwaited() ? BETWEEN_LISTS.awaited : BETWEEN_LISTS.otherwise, signal);
      } catch (error) {
        if (signal.aborted) return;
        this.told.onTrouble(
          `the pool ${this.keys.pool} cannot be read: ${String(error instanceof Error ? error.message : error)}`,
        );
        await pause(this.clock, mayPass(error) ? rest : LONGEST_PAUSE, signal);
        rest = Math.min(rest * 2, LONGEST_PAUSE);
        after = undefined;
      }
    }
  }

  close(): void {
    this.#stopped.abort();
  }

  /** Puts an object in that was just written, or read. */
  put(key: string, value: string, version: number): void {
    const before = this.known(key);
    // Answers may come in another order than they were made.
    if (before && before.version > version) return;
    const created = before?.created ?? version;
    const object = { key, value, version, created };
    this.#own.set(key, { object, version, lists: this.asked });
    this.#newest = Math.max(this.#newest, version);
    this.set(object);
    this.told.onChange(false);
  }

  /** Takes an object out that was just removed, or is not there any more. */
  drop(key: string): void {
    const before = this.known(key);
    if (before) this.#own.set(key, { object: undefined, version: before.version, lists: this.asked });
    if (this.slots.has(key)) this.remember(key);
    this.mapOf(key)?.delete(key);
    this.told.onChange(false);
  }

  /** Whether whatever was leased lately is in it, also if it has ended since. */
  get isRecent(): boolean {
    return this.clock.now() - this.heard <= this.gap;
  }

  /** A slot of which nothing is in it was leased, and is not there any more. */
  ended(key: string): void {
    if (!this.slots.has(key)) this.remember(key);
  }

  /** An object by its key. */
  known(key: string): Known<unknown> | undefined {
    return this.mapOf(key)?.get(key);
  }

  /** The next list. This manager's own heartbeats change the pool, so that one comes soon, or the connection is dead. */
  private async list(after: number | undefined): Promise<Snapshot> {
    const { store, keys, clock, patience } = this;
    const list = async (signal: AbortSignal) => store.list(keys.prefix, { after, wait: patience, signal });
    return within(clock, patience, store.name, list, this.#stopped.signal);
  }

  private apply({ objects, index }: Snapshot, list: number): void {
    const wentBack = index < this.#newest && [...this.#own.values()].every(({ lists }) => lists < list);
    this.#newest = wentBack ? index : Math.max(this.#newest, index);
    const silent = this.clock.now() - this.heard;
    this.heard = this.clock.now();
    this.answered = list;
    this.seen = index;
    const others = new Map<string, StoredObject>();
    // What a store has lost was not ended.
    if (wentBack) this.gone.clear();
    else
      for (const [key, { record }] of this.slots)
        if (!objects.has(key) && record?.state !== "free" && !this.isNewer(key, undefined, index, list))
          this.remember(key);
    for (const map of [this.slots, this.tickets, this.managers])
      for (const key of map.keys())
        if (!objects.has(key) && !this.isNewer(key, undefined, index, list)) map.delete(key);
    for (const [key, object] of objects) {
      const map = this.mapOf(key);
      if (map === undefined) others.set(key, object);
      // Most of a list is as it was.
      else if (!isSame(map.get(key), object) && !this.isNewer(key, object, index, list)) this.set(object);
    }
    this.others = others;
    for (const [key, own] of this.#own) if (own.lists < list) this.#own.delete(key);
    if (silent > this.gap) this.told.onGap();
    this.told.onChange(wentBack);
  }

  /** Whether what is known of an object is newer than what a list says, which was perhaps read before this manager wrote. */
  private isNewer(key: string, listed: StoredObject | undefined, index: number, list: number): boolean {
    const own = this.#own.get(key);
    // What was asked after the write was acknowledged has it.
    if (!own || own.lists < list) return false;
    if (own.object) return listed ? listed.version < own.version : index < own.version;
    return listed !== undefined && listed.version <= own.version;
  }

  private set(object: StoredObject): void {
    const { key, value, version, created } = object;
    const before = this.known(key);
    if (isSame(before, object)) return;
    const known = { key, value, version, created, since: this.clock.now() };
    switch (this.keys.kindOf(key)) {
      case "slots":
        this.gone.delete(key);
        this.slots.set(key, { ...known, record: this.checked(key, readSlot(value)) });
        break;
      case "queue":
        this.tickets.set(key, { ...known, record: this.checked(key, readTicket(value)) });
        break;
      case "managers":
        this.managers.set(key, { ...known, record: this.checked(key, readManager(value)) });
        break;
    }
  }

  private checked<R>(key: string, record: R | undefined): R | undefined {
    if (record === undefined)
      this.told.onTrouble(`${this.store.name} has something under ${key} that no manager wrote; remove it`);
    return record;
  }

  private remember(key: string): void {
    this.gone.add(key);
    for (const oldest of this.gone) {
      if (this.gone.size <= REMEMBERED) break;
      this.gone.delete(oldest);
    }
  }

  private mapOf(key: string): Map<string, Known<unknown>> | undefined {
    const kind = this.keys.kindOf(key);
    // What is put in stands in `set` alone, with its type.
    return kind === "slots"
      ? this.slots
      : kind === "queue"
        ? this.tickets
        : kind === "managers"
          ? this.managers
          : undefined;
  }
}

/** Whether what is known of an object is what the store has of it. */
function isSame(known: Known<unknown> | undefined, { version, created }: StoredObject): boolean {
  return known?.version === version && known.created === created;
}
