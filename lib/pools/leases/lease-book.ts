import { randomBytes } from "node:crypto";
import { messageOf } from "../../nomad";
import type { StoredObject } from "../store";
import type { BookParts } from "./book-parts";
import { ChangingHands } from "./changing-hands";
import { checkTime, checkTimes, monotonicClock } from "./clock";
import { Claims } from "./claims";
import { within } from "./decide";
import { Endings } from "./endings";
import { Heartbeat } from "./heartbeat";
import { RenewedLeases } from "./renewed-leases";
import { Ledger } from "./ledger";
import { checkOwner, PoolKeys, stepOf } from "./keys";
import type { Lease } from "./lease";
import { Observer } from "./observer";
import {
  CLAIM_TIMEOUT,
  type ClaimOptions,
  type LeaseBookOptions,
  type PoolState,
  type ReleaseOptions,
  type SlotState,
} from "./options";
import { listLeases } from "./read-leases";
import { leaseOf } from "./records";
import { seenByAll } from "./seen";
import { Standing } from "./standing";
import { isUpToDate, stateOf, takenSlots } from "./state";
import { View } from "./view";

/** Half of a second and more is left of two seconds for looking, asking and writing, on a machine that is busy. */
const TTL = 2000;
const HANDED_OVER = 30_000;
const QUEUE_LIMIT = 1000;
/** How often it is looked whether something is over, in parts of the ttl. */
const LOOKS = 20;

/**
 * Who has which slot of a pool. Any number of books, in any processes on any machines, share a pool by its store.
 *
 * A claim costs one write while a slot is free; else the caller waits in the order of arrival. What a book leases it renews by itself,
 * until it is released, handed over, or the book is stopped.
 *
 * @see https://developer.hashicorp.com/consul/api-docs/txn
 */
export class LeaseBook {
  readonly #parts: BookParts;
  readonly #claims: Claims;
  readonly #renewed: RenewedLeases;
  readonly #standing: Standing;
  readonly #ledger: Ledger;
  readonly #hands: ChangingHands;
  readonly #endings: Endings;
  readonly #observer: Observer;
  readonly #loops: Promise<void>[] = [];
  #forgetLook: () => void = () => undefined;
  #phase: "new" | "open" | "closed" = "new";

  constructor(private readonly options: LeaseBookOptions) {
    const { store, clock = monotonicClock, ttl = TTL, heartbeat = ttl / 5, onTrouble = () => undefined } = options;
    checkTimes(ttl, heartbeat);
    const random = options.randomBytes ?? randomBytes;
    const hex = (size: number) => Buffer.from(random(size)).toString("hex");
    const keys = new PoolKeys(options.pool);
    const manager = `${stepOf("manager", options.manager ?? "manager")}-${hex(8)}`;
    const nonce = () => hex(8);
    const view = new View(store, keys, clock, Math.max(ttl, 2000), heartbeat + ttl / 20, {
      onChange: (wentBack) => this.onChange(wentBack),
      onGap: () => options.onGap?.(),
      isAwaited: () => this.#claims.isAwaited,
      onTrouble,
    });
    this.#parts = {
      store,
      keys,
      clock,
      view,
      manager,
      ttl,
      nonce,
      onTrouble,
      heartbeat: new Heartbeat({
        store,
        clock,
        ttl,
        every: heartbeat,
        nonce,
        seen: () => view.seen,
        onTrouble,
        key: keys.manager(manager),
        onBeat: (value, version, gap) => {
          if (gap) this.#renewed.doubt();
          view.put(keys.manager(manager), value, version);
        },
      }),
    };
    this.#ledger = new Ledger(this.#parts);
    const onEvent = options.onEvent ?? (() => undefined);
    this.#renewed = new RenewedLeases(this.#parts, (lease, reason) => {
      onEvent({ kind: "lost", lease, reason });
      options.onLost?.(lease, reason);
    });
    this.#standing = new Standing(this.#parts, async (lease) => {
      await this.#ledger.change(lease, (record) => ({ ...record, nonce: nonce() }));
    });
    this.#hands = new ChangingHands(this.#parts, this.#renewed, this.#standing, this.#ledger);
    this.#endings = new Endings(this.#parts, (slot, signal) => options.end(slot, signal));
    this.#observer = new Observer(this.#parts, onEvent);
    this.#claims = new Claims(this.#parts, this.#renewed, this.#standing, {
      candidates: () => options.candidates(),
      limit: options.queueLimit ?? QUEUE_LIMIT,
      onEvent,
      onWaiting: options.onWaiting ?? (() => undefined),
    });
  }

  /** This manager's id: its name and something random. */
  get manager(): string {
    return this.#parts.manager;
  }

  /**
   * Makes this manager known, and waits for the first view of the pool. Where it fails, nothing of this manager stands in the store, and it
   * may be called again.
   *
   * @throws what the store says, where it does not answer or refuses
   */
  async start(): Promise<void> {
    const { view, heartbeat, clock, ttl, store, keys, manager } = this.#parts;
    if (this.#phase !== "new") throw new Error("a lease book is started once; make another");
    const patience = Math.max(ttl * 4, 10_000);
    await heartbeat.start(patience);
    const index = await within(clock, patience, store.name, (signal) => view.open(keys.manager(manager), signal)).catch(
      async (error: unknown) => {
        await heartbeat.remove().catch(() => undefined);
        throw error;
      },
    );
    this.#phase = "open";
    this.#loops.push(heartbeat.run(), view.follow(index));
    this.look();
  }

  /**
   * Releases every lease of this manager, ends its slots, gives up its places in the queue, and forgets it. To leave the leases alone, use
   * {@link handOver}.
   */
  async stop(): Promise<void> {
    if (this.#phase !== "open") return;
    await this.closeClaims();
    await Promise.allSettled(this.leases().map((lease) => this.release(lease)));
    this.#endings.look();
    await this.#endings.stop(4 * this.#parts.ttl);
    await this.leave();
  }

  /**
   * Leases a slot.
   *
   * @throws PoolBusyError where none is free, and the queue is full, the time is over, or the caller does not wait; what the signal says, where it is given up;
   *   UserError for an owner, a slot or a time that is none; what the store says, where it refuses, or does not answer within the timeout
   */
  async claim(options: ClaimOptions): Promise<Lease> {
    const { owner, timeout = CLAIM_TIMEOUT, standing, signal, slot, queue = true } = options;
    checkOwner(owner);
    if (slot !== undefined) stepOf("slot", slot);
    if (standing !== undefined) checkTime("standing", standing);
    checkTime("timeout", timeout, 0);
    this.checkOpen();
    signal?.throwIfAborted();
    const [renewed, ttl] = [standing === undefined, standing ?? this.#parts.ttl];
    return this.#claims.claim({ owner, renewed, ttl, timeout, signal, slot, queue });
  }

  /**
   * Asks whether a lease stands; before every call that presents it. For a lease that this manager renews, or renewed just now, it costs
   * nothing as a rule, for another's one read.
   *
   * @throws LeaseEndedError where it does not stand; what the store says, where it is not known and cannot be read
   */
  async check(lease: Lease): Promise<void> {
    const end = this.#renewed.endOf(lease);
    if (end === "unknown" && !this.#standing.isSure(lease)) await this.#ledger.stands(lease);
    else if (end !== undefined && end !== "unknown") throw this.#ledger.ended(lease, end);
  }

  /**
   * Gives a slot back, whichever manager leased it. It is over once this returns; what is ended is ended after that, by this manager or,
   * should it die, by another.
   *
   * @throws LeaseEndedError where it has ended before; what the store says, where it does not take it. Then this manager tries on, and its
   *   lease is over all the same
   */
  async release(lease: Lease, { end = true }: ReleaseOptions = {}): Promise<void> {
    await this.#hands.release(lease, end);
    this.options.onEvent?.({ kind: "released", lease });
    this.#endings.look();
    this.#claims.dispatch();
  }

  /**
   * Ends a lease and leases its slot to the same owner anew, by one write: nobody else can have it between, and whoever has the old lease reaches
   * the slot no more. This manager renews the new one.
   *
   * @returns the new lease, with a larger generation
   * @throws LeaseEndedError where the old one has ended before; what the store says, where it does not take it. Then both are over, and this
   *   manager ends the slot
   */
  async exchange(lease: Lease): Promise<Lease> {
    this.checkOpen();
    return this.#hands.exchange(lease);
  }

  /**
   * Says that a lease is still wanted: one that stands by itself does so for its ttl again. One that this manager renews
   * anyhow is only checked. It may be called as often as one likes: a lease is written once in a third of its ttl.
   *
   * @throws LeaseEndedError where it has ended
   */
  async renew(lease: Lease): Promise<void> {
    if (this.#renewed.has(lease)) return this.check(lease);
    await this.#standing.renew(lease);
    // The write may have been somebody else's, some time ago.
    await this.check(lease);
  }

  /**
   * Takes a lease over from another manager, or from none, after {@link handOver}: from now on this one renews it.
   *
   * @throws LeaseEndedError where it has ended
   */
  async adopt(lease: Lease): Promise<Lease> {
    this.checkOpen();
    return this.#hands.adopt(lease);
  }

  /** The lease that a slot has, where this manager is sure of it without a question to the store: it renews it, or renewed it just now. */
  known(slot: string): Lease | undefined {
    const record = this.#parts.view.slots.get(this.#parts.keys.slot(slot))?.record;
    if (record?.state !== "held") return undefined;
    const lease = leaseOf(this.options.pool, record);
    return this.#renewed.endOf(lease) === undefined || this.#standing.isSure(lease) ? lease : undefined;
  }

  /** The lease that a slot has, whoever renews it; undefined where it is free. It is read from the store, unless it is {@link known}. */
  async find(slot: string): Promise<Lease | undefined> {
    const known = this.known(slot);
    if (known) return known;
    const record = await this.#ledger.read(slot);
    return record?.state === "held" ? leaseOf(this.options.pool, record) : undefined;
  }

  /** Every lease of the pool, read from the store, whoever renews it. */
  async list(): Promise<readonly Lease[]> {
    const { store, clock, ttl } = this.#parts;
    return listLeases(store, this.options.pool, { clock, patience: ttl * 2 });
  }

  /**
   * Stops this manager and lets its leases stand on, without one, until somebody adopts them.
   *
   * @param ttl for how long, in milliseconds. Default: 30,000
   * @returns the leases; none of a manager that was not started, or was stopped before
   */
  async handOver(ttl = HANDED_OVER): Promise<readonly Lease[]> {
    checkTime("ttl", ttl);
    if (this.#phase !== "open") return [];
    await this.closeClaims();
    const handed = await this.#hands.handOver(ttl);
    await this.#endings.stop(this.#parts.ttl);
    await this.leave();
    return handed;
  }

  /**
   * Ends a slot that nobody leases, so that it is never offered again: to shrink a pool, or to replace what is old.
   *
   * @param options `gone`: the slot is not there any more; also a lease of it is over then, and nothing is ended. Default: false
   * @returns whether it was free (or gone): false where it is leased or being ended
   */
  async retire(slot: string, { gone = false }: { readonly gone?: boolean } = {}): Promise<boolean> {
    this.checkOpen();
    const { keys, view } = this.#parts;
    const key = keys.slot(slot);
    if (gone) {
      const retired = await this.#claims.remove(key);
      this.#renewed.look();
      return retired;
    }
    const known = view.slots.get(key);
    if (known && known.record?.state !== "free") return false;
    const made = await this.#claims.retire(slot, key, known);
    this.#endings.look();
    return made;
  }

  /** Looks at the candidates again, for those who wait. To be called when they have changed. */
  wake(): void {
    this.#claims.dispatch();
  }

  /** The pool as it is seen now, from memory. */
  state(): PoolState {
    return stateOf(this.#parts, new Set(this.options.candidates()), this.#claims.waiting);
  }

  /** The slots that are leased or being ended, as they are seen now: what {@link state} says of them, without asking what is free. */
  taken(): readonly SlotState[] {
    return takenSlots(this.#parts);
  }

  /** How many callers wait, at every manager, as it is seen now. */
  get waiting(): number {
    return this.#claims.waiting;
  }

  /** The generation of the lease that a slot has, or had last, as it is seen now; 0 where it was never leased. */
  generationOf(slot: string): number {
    const { keys, view } = this.#parts;
    return view.slots.get(keys.slot(slot))?.record?.generation ?? 0;
  }

  /** Whether the view of the pool is kept up: no answer of the store has been missing for longer than the ttl. */
  get isUpToDate(): boolean {
    return isUpToDate(this.#parts);
  }

  /** An object of the pool beside its leases, as of the last look at the pool; undefined where there was none. See {@link poolKey}. */
  object(name: string): StoredObject | undefined {
    return this.#parts.view.others.get(`${this.#parts.keys.prefix}${name}`);
  }

  /**
   * Waits until every manager of the pool has seen what was written at a version of the store. One that is silent for its ttl is not waited for: it
   * claims nothing before it has looked at the pool anew.
   *
   * @param what was written, for the error
   * @throws ManagersBehindError where some that are not silent have not seen it within ten seconds, or four times the ttl where that is longer
   */
  async seenByAll(version: number, what = "what was written"): Promise<void> {
    return seenByAll(this.#parts, version, what);
  }

  /** The leases that this manager renews. */
  leases(): readonly Lease[] {
    return this.#renewed.leases();
  }

  /** The lease of a slot, where it is one that this manager renews. */
  renewed(slot: string): Lease | undefined {
    return this.#renewed.at(slot);
  }

  private onChange(wentBack: boolean): void {
    if (this.#phase !== "open") return;
    if (wentBack) this.#claims.quarantine(this.#renewed.restore());
    this.#renewed.look();
    this.#endings.look();
    this.#claims.dispatch();
  }

  /** What time alone brings about. */
  private look(): void {
    const { clock, ttl } = this.#parts;
    this.#forgetLook = clock.after(ttl / LOOKS, () => this.look());
    this.#observer.look();
    this.#claims.tidy();
    this.#claims.dispatch();
  }

  private checkOpen(): void {
    if (this.#phase === "new") throw new Error(`the lease book of ${this.options.pool} is not started`);
    if (this.#phase === "closed") throw new Error(`the lease book of ${this.options.pool} was stopped`);
  }

  private async closeClaims(): Promise<void> {
    this.#phase = "closed";
    this.#forgetLook();
    await this.#claims.stop();
  }

  private async leave(): Promise<void> {
    const { heartbeat, view, onTrouble } = this.#parts;
    await this.#standing.stop();
    heartbeat.stop();
    view.close();
    await Promise.all(this.#loops);
    await heartbeat.remove().catch((error: unknown) => onTrouble(`a manager stays behind: ${messageOf(error)}`));
  }
}
