import { messageOf } from "../../nomad";
import { ABSENT } from "../store";
import { assign, type InLine } from "./assignment";
import { emptied, patienceOf, type BookParts } from "./book-parts";
import { settledWithin } from "./clock";
import { mayPass, readDecided, removeDecided, SlowStoreError, writeDecided } from "./decide";
import type { RenewedLeases } from "./renewed-leases";
import { PoolBusyError, type Lease } from "./lease";
import type { LeaseEvent } from "./options";
import { inOrder, Queue } from "./queue";
import { preferred, Ranking } from "./ranking";
import { leaseOf, type SlotRecord } from "./records";
import type { Known } from "./view";
import type { Standing } from "./standing";
import type { Waiter } from "./waiter";

/** What a caller wants. */
export interface ClaimRequest {
  readonly owner: string;
  /** Whether this manager renews the lease. */
  readonly renewed: boolean;
  readonly ttl: number;
  /** Milliseconds from now. */
  readonly timeout: number;
  readonly signal: AbortSignal | undefined;
  readonly slot: string | undefined;
  /** Whether it waits where no slot is free. */
  readonly queue: boolean;
}

/** What claims are made of, beside what the parts of a book share. */
export interface ClaimsOptions {
  readonly candidates: () => Iterable<string>;
  readonly limit: number;
  readonly onEvent: (event: LeaseEvent) => void;
  /** Told when somebody begins to wait. */
  readonly onWaiting: () => void;
}

const SHORTEST_RETRY = 100;
const LONGEST_RETRY = 30_000;

/** Claims of free slots, and the queue of those who wait for one. */
export class Claims {
  readonly #queue: Queue;
  readonly #ranking = new Ranking();
  /** Those who have no slot yet, in the order that they came in. */
  readonly #waiters = new Set<Waiter>();
  /** Keys of slots that are being written here. */
  readonly #writing = new Set<string>();
  /** Versions that a write was refused for, and how many lists were asked for by then: the view does not show yet what is there now. */
  readonly #outdated = new Map<string, { readonly version: number; readonly lists: number }>();
  /** Claims that nobody was told of. */
  readonly #abandoned = new Set<string>();
  /** Claims whose writes are under way. */
  readonly #pending = new Set<string>();
  /** Since when a free slot is left to another manager's ticket. */
  readonly #leftSince = new Map<string, number>();
  #quarantinedUntil = Number.NEGATIVE_INFINITY;
  /** How long the queue takes to move on by one, in milliseconds. */
  #pace: number;
  #movedOn: number | undefined;
  #stopped = false;
  /** Claims, and what gives them back, that are under way. */
  readonly #work = new Set<Promise<void>>();

  constructor(
    private readonly parts: BookParts,
    private readonly renewed: RenewedLeases,
    private readonly standing: Standing,
    private readonly options: ClaimsOptions,
  ) {
    const { ttl } = parts;
    this.#queue = new Queue(parts);
    this.#pace = ttl;
  }

  /** Whether somebody waits in the queue. */
  get isAwaited(): boolean {
    return [...this.#waiters].some(({ joined }) => joined);
  }

  async claim(request: ClaimRequest): Promise<Lease> {
    const { clock } = this.parts;
    const { owner, renewed, ttl, timeout, signal, slot, queue } = request;
    const asked = clock.now();
    return new Promise<Lease>((resolve, reject) => {
      const done = () => {
        forget();
        signal?.removeEventListener("abort", cancel);
        this.#waiters.delete(waiter);
        this.#queue.leave(waiter);
      };
      const waiter: Waiter = {
        ...{ owner, renewed, ttl, queue, asked, until: asked + timeout },
        ...{ ticket: undefined, left: false, joined: false, claiming: false, conflicts: 0 },
        onRefused: (error) => waiter.reject(error),
        resolve: (lease) => {
          const queued = waiter.ticket !== undefined;
          done();
          const waited = clock.now() - asked;
          this.options.onEvent({ kind: "claimed", lease, waited, conflicts: waiter.conflicts, queued });
          resolve(lease);
        },
        reject: (error) => {
          if (waiter.left) return;
          done();
          if (error instanceof PoolBusyError) this.options.onEvent({ kind: "busy", waited: clock.now() - asked });

          reject(error);
        },
      };
      const cancel = () => waiter.reject(signal?.reason);
      const forget = clock.after(timeout, () => waiter.reject(this.tooLate(waiter)));
      signal?.addEventListener("abort", cancel);
      this.#waiters.add(waiter);
      if (slot === undefined) this.enter(waiter);
      else this.claimJust(slot, waiter);
    });
  }

  /** Gives free slots to those who wait, in their order. */
  dispatch(): void {
    const { clock, heartbeat, manager, view } = this.parts;
    if (this.#stopped || clock.now() < this.#quarantinedUntil || !heartbeat.isFresh() || this.renewed.doubts) return;
    const waiting = [...this.#waiters].filter(({ claiming }) => !claiming);
    if (waiting.length === 0) return;
    const ranked = this.#ranking.ranked(this.options.candidates());
    const free = ranked.filter((slot) => this.isFree(slot));
    if (free.length === 0) {
      this.#leftSince.clear();
      this.refuse(waiting);
      return;
    }
    const managers = [...view.managers.keys()].sort();
    const mine = Math.max(0, managers.indexOf(this.parts.keys.manager(manager)));
    const open = new Set(free);
    const own = [...preferred(ranked, mine, Math.max(1, managers.length))].filter((slot) => open.has(slot));
    const newcomers = waiting.filter(({ ticket }) => ticket === undefined);
    const { taken, left } = assign(this.line(), newcomers, free, own);
    this.leave(left);
    for (const { waiter, slot } of taken) this.begin(this.take(waiter, slot));
    this.refuse(waiting);
  }

  /** Tells those who do not wait that there is none for them. */
  private refuse(waiting: readonly Waiter[]): void {
    for (const waiter of waiting)
      if (!waiter.queue && !waiter.claiming && !waiter.left) waiter.reject(this.busy("every slot is taken"));
  }

  /** Frees what this manager seems to have and nobody has: slots of writes whose answers never came, and tickets. */
  tidy(): void {
    const { view, manager } = this.parts;
    if (this.#stopped) return;
    for (const [key, { record }] of view.slots)
      if (
        record?.state === "held" &&
        (record.manager === manager || this.#abandoned.has(record.claim)) &&
        !this.renewed.knows(record.claim) &&
        !this.#pending.has(record.claim) &&
        !this.#writing.has(key)
      )
        this.begin(this.giveBack(key, record));
    for (const [key, { version, lists }] of this.#outdated) {
      const isSeen = view.answered > lists;
      if ((view.slots.get(key)?.version ?? ABSENT) === version && !isSeen) continue;
      this.#outdated.delete(key);
      // Somebody had leased it, and it has ended before the view could show it.
      if (isSeen && version === ABSENT) view.ended(key);
    }
    this.#queue.tidy();
  }

  /** Nothing is claimed for the ttl: a store that has lost its data does not say what others have leased, until they have written it again. */
  quarantine(restored: Promise<void>): void {
    const { clock, ttl, onTrouble } = this.parts;
    this.#quarantinedUntil = clock.now() + ttl;
    restored.catch((error: unknown) => onTrouble(messageOf(error)));
  }

  /** Has a free slot ended. @returns false where another write came first */
  async retire(slot: string, key: string, known: Known<SlotRecord> | undefined): Promise<boolean> {
    const { manager, ttl } = this.parts;
    if (this.#writing.has(key)) return false;
    const record: SlotRecord = {
      ...{ slot, generation: known?.record?.generation ?? 0, state: "ending", owner: "", manager, ttl, claim: "" },
      ...{ over: "released", nonce: this.parts.nonce() },
    };
    return (await this.write(key, JSON.stringify(record), known?.version ?? ABSENT, undefined)) !== undefined;
  }

  /** Forgets a slot that is not there any more, whatever its state is. */
  async remove(key: string): Promise<boolean> {
    const { store, view } = this.parts;
    const patience = patienceOf(this.parts);
    for (;;) {
      const found = await readDecided(store, key, patience);
      if (!found || (await removeDecided(store, key, found.version, patience))) break;
    }
    view.drop(key);
    return true;
  }

  /** Refuses everybody who waits. @returns once what was under way is decided, or is left to another manager */
  async stop(): Promise<void> {
    const { clock, ttl } = this.parts;
    this.#stopped = true;
    for (const waiter of [...this.#waiters]) waiter.reject(this.busy("this manager stops"));
    await this.#queue.stop();
    for (const end = clock.now() + 2 * ttl; this.#work.size > 0 && clock.now() < end;)
      await settledWithin(clock, end - clock.now(), this.#work);
  }

  /** How many wait, at every manager. */
  get waiting(): number {
    const ticketless = [...this.#waiters].filter(({ ticket, claiming }) => !ticket && !claiming).length;
    // Who has a slot already is counted by its lease, though the ticket is still there.
    const tickets = [...this.parts.view.tickets.keys()].filter((key) => !this.#queue.isLeaving(key));
    return tickets.length + ticketless;
  }

  private begin(work: Promise<void>): void {
    this.#work.add(work);
    void work.finally(() => this.#work.delete(work));
  }

  private enter(waiter: Waiter): void {
    const before = this.waiting - 1;
    this.dispatch();
    // Whoever does not wait is told as soon as it is known what is free.
    if (waiter.claiming || waiter.left || !waiter.queue) return;
    if (before >= this.options.limit) waiter.reject(this.busy(`${before} wait already`));
    else this.join(waiter);
  }

  private join(waiter: Waiter): void {
    if (waiter.joined) return;
    waiter.joined = true;
    this.#queue.join(waiter);
    this.options.onWaiting();
  }

  private claimJust(slot: string, waiter: Waiter): void {
    if (this.isFree(slot) && this.parts.clock.now() >= this.#quarantinedUntil)
      this.begin(this.take(waiter, slot, true));
    else waiter.reject(this.busy(`the slot ${JSON.stringify(slot)} is not free`));
  }

  private isFree(slot: string): boolean {
    const { keys, view } = this.parts;
    const key = keys.slot(slot);
    if (this.#writing.has(key) || view.gone.has(key)) return false;
    const known = view.slots.get(key);
    if (this.#outdated.get(key)?.version === (known?.version ?? ABSENT)) return false;
    // One that was leased and has ended since looks as if nobody had ever leased it.
    if (known === undefined) return view.isRecent;
    return known.record?.state === "free";
  }

  /** Everybody who has a ticket, the oldest first, but for those who have a slot already. */
  private line(): readonly InLine<Waiter>[] {
    const { view, manager, clock, ttl } = this.parts;
    return [...view.tickets.values()].sort(inOrder).flatMap(({ key, record }): InLine<Waiter>[] => {
      if (record?.manager === manager) {
        const waiter = this.#queue.placeOf(key) as Waiter | undefined;
        return waiter && this.#waiters.has(waiter) && !waiter.claiming ? [{ waiter }] : [];
      }
      // Who does not take what is left to it holds up nobody for longer than that.
      const since = this.#leftSince.get(key);
      return record && (since === undefined || clock.now() - since < ttl) ? [{ foreign: key }] : [];
    });
  }

  private leave(tickets: readonly string[]): void {
    const { clock, view, ttl } = this.parts;
    const left = new Set(tickets);
    for (const key of tickets) if (!this.#leftSince.has(key)) this.#leftSince.set(key, clock.now());
    // One that is passed over stays so, as long as it is there.
    for (const [key, since] of this.#leftSince)
      if (!view.tickets.has(key) || (!left.has(key) && clock.now() - since < ttl)) this.#leftSince.delete(key);
  }

  private async take(waiter: Waiter, slot: string, just = false): Promise<void> {
    const { keys, view, nonce, manager } = this.parts;
    const key = keys.slot(slot);
    const known = view.slots.get(key);
    const claim = nonce() + nonce();
    const record: SlotRecord = {
      ...{ slot, generation: (known?.record?.generation ?? 0) + 1, state: "held", owner: waiter.owner },
      ...{ manager: waiter.renewed ? manager : "", ttl: waiter.ttl, claim, over: null, nonce: nonce() },
    };
    waiter.claiming = true;
    this.#pending.add(claim);
    const sent = this.parts.clock.now();
    let isAnew = false;
    try {
      const version = await this.write(key, JSON.stringify(record), known?.version ?? ABSENT, waiter.until, () => {
        isAnew = known === undefined;
      });
      // While it was asked again somebody may have leased the slot, and ended it: then it is ended once more, by `tidy`.
      if (version !== undefined && !isAnew) this.hand(waiter, key, record, sent);
      else if (just) waiter.reject(this.busy(`the slot ${JSON.stringify(slot)} is not free`));
      else waiter.conflicts += 1;
    } catch (error) {
      // It may have been written all the same, or be written later.
      if (mayPass(error)) this.abandon(key, record);
      waiter.reject(error);
    } finally {
      this.#pending.delete(claim);
      waiter.claiming = false;
      this.retry(waiter);
    }
  }

  /** A slot was claimed: its caller has it, or does not want it any more. */
  private hand(waiter: Waiter, key: string, record: SlotRecord, sent: number): void {
    const { heartbeat, clock, keys } = this.parts;
    // Whoever stood still while it claimed has perhaps lost it again.
    if (waiter.left || !heartbeat.isFresh() || this.renewed.doubts || clock.now() >= waiter.until) {
      this.abandon(key, record);
      // Else it would be told that every slot is taken.
      if (clock.now() >= waiter.until) waiter.reject(this.tooLate(waiter));
      return;
    }
    const lease = leaseOf(keys.pool, record);
    if (waiter.renewed) this.renewed.add(lease);
    else this.standing.claimed(lease, sent);
    this.moveOn(waiter);
    waiter.resolve(lease);
  }

  private retry(waiter: Waiter): void {
    this.dispatch();
    if (!waiter.left && !waiter.claiming && !this.#stopped && waiter.queue) this.join(waiter);
  }

  private abandon(key: string, record: SlotRecord): void {
    this.#abandoned.add(record.claim);
    this.begin(this.giveBack(key, record));
  }

  /** Frees a slot whose claim nobody was told of; one that somebody may have used is ended. */
  private async giveBack(key: string, { claim }: SlotRecord): Promise<void> {
    const { view, manager, ttl, nonce, onTrouble } = this.parts;
    const known = view.slots.get(key);
    if (known?.record?.claim !== claim || known.record.state !== "held" || this.#writing.has(key)) return;
    const record: SlotRecord = this.#abandoned.has(claim)
      ? emptied(known.record, "released", nonce())
      : { ...known.record, state: "ending", manager, ttl, over: "released", nonce: nonce() };
    try {
      await this.write(key, JSON.stringify(record), known.version, undefined);
      this.#abandoned.delete(claim);
    } catch (error) {
      onTrouble(`a slot that nobody has is not given back yet: ${messageOf(error)}`);
    }
  }

  /** Writes a slot, while nobody else here does. */
  private async write(key: string, value: string, version: number, until: number | undefined, onAnew?: () => void) {
    const { store, view } = this.parts;
    this.#writing.add(key);
    try {
      const made = await writeDecided(store, { key, value, version }, patienceOf(this.parts, until), onAnew);
      if (made === undefined) this.#outdated.set(key, { version, lists: view.asked });
      else view.put(key, value, made);
      return made;
    } finally {
      this.#writing.delete(key);
    }
  }

  private moveOn({ ticket }: Waiter): void {
    const now = this.parts.clock.now();
    if (ticket && this.#movedOn !== undefined) this.#pace += (now - this.#movedOn - this.#pace) / 8;
    this.#movedOn = ticket ? now : undefined;
  }

  /** Why a claim was not made in time. */
  private tooLate({ claiming, asked, until }: Waiter): Error {
    const { heartbeat, store } = this.parts;
    const timeout = until - asked;
    // A store that had no time to answer is not slow.
    if (timeout > 0 && (claiming || !heartbeat.isFresh())) return new SlowStoreError(store.name, timeout);
    return this.busy(`none came free within ${Math.round(timeout / 100) / 10} s`);
  }

  private busy(why: string): PoolBusyError {
    const { pool } = this.parts.keys;
    const wait = Math.max(SHORTEST_RETRY, this.#pace * Math.max(1, this.waiting));
    const retryAfter = Math.round(Math.min(wait, LONGEST_RETRY));
    const message = `the pool ${pool} is busy: ${why}; ask again in ${Math.ceil(retryAfter / 1000)} s`;
    return new PoolBusyError(pool, retryAfter, message);
  }
}
