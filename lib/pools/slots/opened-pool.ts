import type { Place } from "../execution";
import { Agreement, choosing, Duty, jobsOfPool, PoolRecords } from "../generations";
import type { SlotPoolJob } from "../jobs";
import { LeaseBook, monotonicClock, poolKey, type Clock, type Lease, type LeaseEnd } from "../leases";
import { sweepLeftBehind } from "./left-behind";
import type { SlotPoolOptions } from "./options";
import { ensureJob, ownJob, readJob, THIS_KIND, type PoolJobFacts } from "./pool-job";
import type { PooledSandbox, SandboxEnd } from "./pooled-sandbox";
import { Resizer } from "./resizer";
import { readSandboxToken } from "./sandbox-token";
import { Sandboxes } from "./sandboxes";
import { Shrinking } from "./shrinking";
import type { Bounds, Demand } from "./size";
import type { SlotGeneration } from "./slot-generation";
import { SlotGenerations } from "./slot-generations";
import { allocationOf, slotKey } from "./slot-key";
import type { WhichPool } from "./which-pool";

/** What an {@link OpenedPool} tells, and asks to be done. */
export interface OpenedPoolHandlers {
  /** Ends what runs in a slot. */
  readonly end: (slot: string, signal: AbortSignal) => Promise<"gone" | "free">;
  readonly onLeaseLost: (lease: Lease, reason: LeaseEnd) => void;
  readonly onSandboxLost: (sandbox: PooledSandbox, end: SandboxEnd) => void;
  readonly onTrouble: (message: string) => void;
  /** Aborted when the pool is stopped. */
  readonly signal: AbortSignal;
}

const IDLE = 60_000;
const CHECK_INTERVAL = 5000;
const SILENCE = 15_000;
const USUAL_SLOTS = 10;
/** Where neither the props nor the job say anything. */
const USUAL_MIN = 1;
const USUAL_MAX = 10;

/** A slot pool of which it is known which one it is: its leases in the store, its generations in Nomad, and which slots may be leased. */
export class OpenedPool {
  readonly book: LeaseBook;
  readonly generations: SlotGenerations;
  readonly #agreement: Agreement;
  #isStarted = false;

  constructor(
    private readonly props: SlotPoolOptions,
    private readonly which: WhichPool,
    private readonly handlers: OpenedPoolHandlers,
  ) {
    const { nomad, store, leases } = props;
    const { end, onLeaseLost, onTrouble } = handlers;
    const { pool, clock } = this;
    this.book = new LeaseBook({
      ...{ manager: "slot-pool", ...leases },
      ...{ store, pool, end, onTrouble, clock },
      candidates: () => this.candidates(),
      // Its size is looked at at once, and as long as anybody waits.
      onWaiting: () => this.generations.current?.resizer.hurry(),
      onLost: onLeaseLost,
    });
    this.#agreement = new Agreement(new PoolRecords(store, pool, clock), this.book);
    this.generations = new SlotGenerations({
      ...{ nomad, which, onTrouble },
      group: this.group,
      choice: () => this.#agreement.record.choice,
      isUpToDate: () => this.book.isUpToDate,
      duty: new Duty(store, poolKey(pool, "maintenance"), this.book.manager, clock),
      begin: (facts, isCurrent) => this.begin(facts, isCurrent),
      onChange: () => this.wake(),
    });
  }

  /**
   * Sees the pool's jobs and sandboxes, brings the job that was given whole, and begins to lease.
   *
   * @throws UserError where there is no such job or group; what Nomad or the store say, where they refuse or do not answer
   */
  async start(): Promise<void> {
    const { nomad, job } = this.props;
    const { generations, book } = this;
    const { onTrouble, signal } = this.handlers;
    await this.#agreement.learn(signal);
    await generations.look();
    if (typeof job === "object") await this.install(ownJob(job));
    if (generations.current === undefined) {
      // It says what is wrong with the job, unless that has come just now.
      await readJob(nomad, this.which.job ?? (await this.someJob()), this.group);
      await generations.look();
    }
    signal.throwIfAborted();
    await book.start();
    if (signal.aborted) await book.stop();
    signal.throwIfAborted();
    this.#isStarted = true;
    for (const { resizer } of generations.all) resizer.start();
    generations.follow();
    void sweepLeftBehind(book, generations, onTrouble, signal);
  }

  /** Looks after the jobs no more, and leases nothing anew; what is leased goes on. */
  async rest(): Promise<void> {
    this.#isStarted = false;
    await this.generations.rest();
  }

  /** The pool's name. */
  get pool(): string {
    return this.which.pool;
  }

  /** How a generation may be sized. */
  boundsOf(generation: SlotGeneration | undefined): Bounds {
    const { props } = this;
    const facts = generation?.facts;
    const slots = generation?.sandboxes.all.find((sandbox) => sandbox.slots > 0)?.slots;
    return {
      min: props.min ?? facts?.min ?? USUAL_MIN,
      max: props.max ?? facts?.max ?? USUAL_MAX,
      slots: slots ?? props.slots ?? facts?.slots ?? USUAL_SLOTS,
    };
  }

  /** The slots that may be leased: those of the current generation's sandboxes with the lowest numbers, since those with the highest go first. */
  private *candidates(): Iterable<string> {
    const { current } = this.generations;
    if (current === undefined) return;
    const ready = current.sandboxes.all.filter(({ state }) => state === "ready").sort((a, b) => a.number - b.number);
    for (const { allocation, slots } of ready.slice(0, current.resizer.offered))
      for (let slot = 0; slot < slots; slot += 1) yield slotKey(allocation, slot);
  }

  /** What the current generation is asked for: what is leased of old ones needs nothing of it. */
  private demand(): Demand {
    const { slots, leased, queue } = this.book.state();
    const held = this.generations.all.length < 2 ? [] : slots.filter(({ state }) => state === "held");
    const elsewhere = held.filter((lease) => this.generations.isOld(allocationOf(lease)));
    return { leased: leased - elsewhere.length, waiting: queue };
  }

  /** Follows the sandboxes of one generation. */
  private async begin(
    { job, count, slots }: PoolJobFacts,
    isCurrent: () => boolean,
  ): Promise<Omit<SlotGeneration, "facts">> {
    const { nomad, task = "sandbox-server", port = "http", idle = IDLE } = this.props;
    const { checkInterval = CHECK_INTERVAL, silence = SILENCE } = this.props;
    const { onTrouble, onSandboxLost: onLost, signal } = this.handlers;
    const [book, group, clock] = [this.book, this.group, this.clock];
    const sandboxes = new Sandboxes({
      ...{ nomad, job, group, task, port, checkInterval, silence, clock, onLost, onTrouble },
      token: (place) => this.tokenOf(place),
      onChange: () => this.wake(),
    });
    try {
      await sandboxes.start();
    } catch (error) {
      // It is begun again with the next look, and nobody else knows of those that it follows already.
      await sandboxes.close();
      throw error;
    }
    const shrinking = new Shrinking({ nomad, job, group, sandboxes, book, slots: () => slots, onTrouble, signal });
    const resizer = new Resizer(
      {
        ...{ nomad, job, group, sandboxes, shrinking, book, idle, clock, onTrouble, isCurrent },
        demand: () => this.demand(),
        bounds: () => this.boundsOf(this.generations.all.find(({ facts }) => facts.job === job)),
      },
      count,
    );
    if (this.#isStarted) resizer.start();
    return { sandboxes, resizer, shrinking };
  }

  /** Brings the job that was given, and has slots leased of it, where nobody has deployed another one of the pool. */
  private async install(job: SlotPoolJob): Promise<void> {
    const { nomad } = this.props;
    const { generations } = this;
    const { current } = generations;
    if (current !== undefined && (current.facts.registeredBy !== THIS_KIND || current.facts.job === job.id)) return;
    await ensureJob(nomad, job);
    await generations.look();
    await this.#agreement.change((now) => choosing(job.id, generations.jobs, now), this.handlers.signal);
    // Another manager may have taken it away as an old generation just then.
    await ensureJob(nomad, job);
    await generations.look();
  }

  private get group(): string {
    return this.props.group ?? "sandbox";
  }

  private get clock(): Clock {
    return this.props.clock ?? monotonicClock;
  }

  private wake(): void {
    if (this.#isStarted) this.book.wake();
  }

  private async tokenOf(place: Place): Promise<string | undefined> {
    const { token, nomad } = this.props;
    if (token === undefined) return readSandboxToken(nomad, place);
    return typeof token === "function" ? token(place) : (token ?? undefined);
  }

  /** A job of the pool; the pool's name, where there is none. */
  private async someJob(): Promise<string> {
    return (await jobsOfPool(this.props.nomad, this.pool))[0]?.ID ?? this.pool;
  }
}
