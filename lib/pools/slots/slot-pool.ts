import { checkProps } from "../../jobspec/host";
import { messageOf, unplacedInWords } from "../../nomad";
import type { ExecuteOptions, ExecutionResult } from "../execution";
import { firstOffer, LeaseEndedError, monotonicClock, PoolBusyError, type Lease, type LeaseBook } from "../leases";
import { call, meaningOf, ownerMark, slotOf, SlotLostError } from "./call";
import { HeldSlots, leaseEnded } from "./held-slots";
import { OpenedPool } from "./opened-pool";
import {
  SLOT_POOL,
  type AcquireOptions,
  type BatchItem,
  type BatchResult,
  type SlotHandle,
  type SlotPoolOptions,
  type SlotPoolStatus,
  type ToolCall,
} from "./options";
import type { PooledSandbox, SandboxEnd } from "./pooled-sandbox";
import { allocationOf, callToken, endingToken, sandboxSlotOf } from "./slot-key";
import { offeringOf, statusOf } from "./status";
import { whichPool } from "./which-pool";

const TIMEOUT = 120_000;
/** Milliseconds between two looks at whether a sandbox has ended, where nothing changes meanwhile. */
const ENDING = 1000;
const ENDS: Readonly<Record<SandboxEnd, string>> = {
  ended: "its allocation has ended",
  restarted: "its sandbox was started anew, and what was in the slot is gone",
  silent: "its sandbox does not answer any more",
};

/**
 * Sandboxes with slots, shared by any number of managers: a task acquires a slot, runs its commands there, and gives it back. The leases
 * stand in the store and the sandboxes in Nomad; a manager keeps nothing that it could lose.
 *
 * A changed job with an id of its own is another generation of the pool: slots are leased of the newest one, from about a second after it came up. What is
 * leased of an old one goes on, and with its last lease it is taken away.
 *
 * Clients that choose slots by themselves, as the first ones of Hermes do, hold no leases: a job is served either by them or by slot pools.
 */
export class SlotPool {
  readonly #held = new HeldSlots();
  readonly #stop = new AbortController();
  readonly #onTrouble: (message: string) => void;
  #opened: OpenedPool | undefined;
  #starting: Promise<void> | undefined;

  constructor(private readonly props: SlotPoolOptions) {
    checkProps(props, "SlotPool", SLOT_POOL);
    this.#onTrouble = props.onTrouble ?? (() => undefined);
  }

  /** The pool's name. @throws Error where the pool is not started: a job that was given by its id may be of a pool of any name */
  get pool(): string {
    return this.opened.pool;
  }

  /**
   * Its leases: for what a pool of sandboxes adds nothing to, such as renewing or finding one.
   *
   * @throws Error where the pool is not started
   */
  get book(): LeaseBook {
    return this.opened.book;
  }

  /** This manager's id in the leases. @throws Error where the pool is not started */
  get manager(): string {
    return this.opened.book.manager;
  }

  /**
   * Finds the pool's job and its sandboxes, and takes part in the pool. A job that was given whole is registered where nobody has deployed one of its pool; of those that
   * managers registered, the one that was started last is leased of.
   *
   * @throws UserError where there is no such job, pool or group; what Nomad or the store say, where they refuse or do not answer
   */
  async start(): Promise<void> {
    if (this.#starting !== undefined) throw new Error(`the slot pool ${this.meant} is started once; make another`);
    this.#starting = this.open();
    try {
      await this.#starting;
    } catch (error) {
      this.#starting = undefined;
      throw error;
    }
  }

  private async open(): Promise<void> {
    const which = await whichPool(this.props.nomad, this.props);
    this.#stop.signal.throwIfAborted();
    const opened = new OpenedPool(this.props, which, {
      end: (slot, signal) => this.endSlot(slot, signal),
      onLeaseLost: (lease, reason) => this.#held.end(leaseEnded(lease, reason)),
      onSandboxLost: (sandbox, end) => this.lose(sandbox, end),
      onTrouble: this.#onTrouble,
      signal: this.#stop.signal,
    });
    this.#opened = opened;
    try {
      await opened.start();
    } catch (error) {
      this.#opened = undefined;
      await opened.rest();
      await opened.generations.close();
      throw error;
    }
  }

  /**
   * Gives back every slot that this manager leases, and lets go of every connection. The sandboxes go on: other managers may use them, and
   * take away those that are not needed.
   */
  async stop(): Promise<void> {
    this.#stop.abort(new Error(`the slot pool ${this.meant} was stopped; make another to start it again`));
    // One that is being started is given up, and has left nothing when this returns.
    await this.#starting?.catch(() => undefined);
    if (this.#opened === undefined) return;
    const { book, generations } = this.#opened;
    await this.#opened.rest();
    for (const lease of book.leases()) this.#held.end(leaseEnded(lease, "released", "its manager was stopped"));
    await book.stop();
    await generations.close();
  }

  /**
   * Leases a slot; where none is free, waits in the queue, and another sandbox is started.
   *
   * @param taskId whose it will be: any text. Each call leases a slot of its own, also for the same task
   * @throws PoolBusyError where there is none within the timeout, or too many wait; what the signal says, where it is given up
   */
  async acquire(
    taskId: string,
    { timeout = TIMEOUT, signal, standing, queue }: AcquireOptions = {},
  ): Promise<SlotHandle> {
    const { book } = this.opened;
    try {
      const lease = await book.claim({ owner: taskId, timeout, signal, standing, queue });
      // One that stands by itself may end anywhere, and nothing of it is kept here.
      if (standing === undefined) this.#held.hold(lease);
      return this.handleOf(lease);
    } catch (error) {
      // Whoever does not wait may ask often: Nomad is not asked for each of them.
      throw error instanceof PoolBusyError && queue !== false ? await this.explained(error) : error;
    }
  }

  /** The handle of a lease of this pool, whoever claimed it: what keeps its slot apart is what the sandbox says of itself. */
  handleOf(lease: Lease): SlotHandle {
    return { lease, isolation: this.opened.generations.sandbox(allocationOf(lease))?.isolation ?? "none" };
  }

  /**
   * Runs a command in a leased slot. Its environment and secrets go to the sandbox in the body of one request, and stand in no job, argument or
   * log; the lease's generation goes along, so that the sandbox refuses it once somebody else has the slot.
   *
   * @param command a line of shell, or a tool of the sandbox's server
   * @throws LeaseEndedError where the lease is over: nothing was run
   * @throws ExecutionLostError where the connection or the sandbox was lost under the command; with the sandbox the lease is over too
   * @throws UserError for what the sandbox refuses to run
   */
  async execute(
    handle: SlotHandle,
    command: string | ToolCall,
    options: ExecuteOptions = {},
  ): Promise<ExecutionResult> {
    const { lease } = handle;
    return this.with(lease, options.signal, (sandbox, over) =>
      this.#held.running(lease, (cancelled) => call(sandbox, lease, command, options, { over, cancelled })),
    );
  }

  /** Runs commands at once, each in its slot. @returns how each ended, in the same order */
  async batch(items: readonly BatchItem[]): Promise<readonly BatchResult[]> {
    return Promise.all(
      items.map(async ({ handle, command, options }): Promise<BatchResult> => {
        try {
          return { result: await this.execute(handle, command, options) };
        } catch (error) {
          return { error: error instanceof Error ? error : new Error(String(error)) };
        }
      }),
    );
  }

  /**
   * Ends what runs in a leased slot and empties its workspace; the lease goes on.
   *
   * @throws LeaseEndedError, ExecutionLostError as {@link execute}
   */
  async reset({ lease }: SlotHandle, { signal }: { readonly signal?: AbortSignal } = {}): Promise<void> {
    await this.with(lease, signal, async (sandbox, over) => {
      this.#held.cancel(lease);
      const request = { slot_id: slotOf(lease).name, generation: callToken(lease.generation), owner: ownerMark(lease) };
      try {
        await sandbox.client.reset(request, sandbox.token, signal ? AbortSignal.any([over, signal]) : over);
      } catch (error) {
        throw signal?.aborted ? error : await meaningOf(error, sandbox, lease);
      }
    });
  }

  /**
   * Gives a slot back. Commands that still run in it are given up. A lease that is over already is left as it is, so that this can stand in any
   * `finally`.
   *
   * @param options `resetWorkspace`: whether what runs there is ended, and the workspace emptied, before the slot is offered again. Without
   *   it the slot is offered at once, and the sandbox does that when the first command of the next lease comes. Default: true
   * @returns whether the lease stood until now
   */
  async release(handle: SlotHandle, options: { readonly resetWorkspace?: boolean } = {}): Promise<boolean> {
    const { lease } = handle;
    if (!this.#held.end(leaseEnded(lease, "released"))) return false;
    try {
      await this.opened.book.release(lease, { end: options.resetWorkspace ?? true });
      return true;
    } catch (error) {
      if (error instanceof LeaseEndedError) return false;
      throw error;
    }
  }

  /** The pool as this manager sees it, from memory. @throws Error where the pool is not started */
  status(): SlotPoolStatus {
    const { book, generations } = this.opened;
    return statusOf(book, generations, this.opened.boundsOf(generations.current));
  }

  /**
   * Waits, after {@link start}, until sandboxes that run already have answered, or none runs; and no longer than five seconds for that.
   */
  async firstOffer(): Promise<void> {
    await firstOffer(() => offeringOf(this.status()), monotonicClock, this.#stop.signal);
  }

  /** What was given, for messages: the pool's name, or a job's id. */
  private get meant(): string {
    const { pool, job } = this.props;
    return pool ?? (typeof job === "object" ? job.id : (job ?? ""));
  }

  private get opened(): OpenedPool {
    if (this.#opened === undefined) throw new Error(`the slot pool ${this.meant} is not started`);
    return this.#opened;
  }

  /** Does something in a leased slot, and remembers where it tells that the lease is over. */
  private async with<T>(
    lease: Lease,
    signal: AbortSignal | undefined,
    work: (sandbox: PooledSandbox, over: AbortSignal) => Promise<T>,
  ): Promise<T> {
    const { book, generations } = this.opened;
    const { allocation } = slotOf(lease);
    try {
      return await this.#held.using(lease, async (over) => {
        await book.check(lease);
        signal?.throwIfAborted();
        over.throwIfAborted();
        const sandbox = generations.sandbox(allocation);
        if (sandbox === undefined)
          throw leaseEnded(lease, "gone", (await generations.hasEnded(allocation)) ? ENDS.ended : ENDS.restarted);
        return work(sandbox, over);
      });
    } catch (error) {
      if (error instanceof LeaseEndedError) this.giveUp(error, lease);
      else if (error instanceof SlotLostError && !error.isThere) this.giveUp(leaseEnded(lease, "gone"), lease);
      throw error;
    }
  }

  /** A lease that turned out to be over. Where its slot is not there any more, nobody else has to wait until they notice. */
  private giveUp(error: LeaseEndedError, lease: Lease): void {
    if (this.#held.end(error) && error.reason === "gone") this.#opened?.book.release(lease).catch(() => undefined);
  }

  private lose(sandbox: PooledSandbox, end: SandboxEnd): void {
    for (const lease of this.#held.of(sandbox.allocation)) this.giveUp(leaseEnded(lease, "gone", ENDS[end]), lease);
    if (end === "silent") void this.stopSilent(sandbox);
  }

  /**
   * Has Nomad end a sandbox that does not answer, unless others still hold slots of it: it may answer them. Where that takes no effect, or they
   * give their slots back, it comes here again, since it is still silent.
   */
  private async stopSilent({ allocation }: PooledSandbox): Promise<void> {
    // What follows the sandboxes may be at its end, and then it is for others to see.
    const book = this.#opened?.book;
    if (book === undefined) return;
    const isHeld = book
      .state()
      .slots.some((one) => one.state === "held" && one.manager !== book.manager && allocationOf(one) === allocation);
    const onTrouble = this.#onTrouble;
    onTrouble(
      `the sandbox ${allocation} does not answer${isHeld ? "; others still hold slots of it" : " and is stopped"}`,
    );
    if (isHeld) return;
    await this.props.nomad
      .stopAllocation(allocation)
      .catch((error: unknown) => onTrouble(`the sandbox ${allocation} cannot be stopped yet: ${messageOf(error)}`));
  }

  /** Ends what runs in a slot and empties it, or finds that there is no such sandbox any more. */
  private async endSlot(key: string, signal: AbortSignal): Promise<"gone" | "free"> {
    const { book, generations } = this.opened;
    const { allocation, name } = sandboxSlotOf(key) ?? { allocation: "", name: "" };
    if (allocation === "" || (await generations.hasEnded(allocation))) return "gone";
    const sandbox = generations.sandbox(allocation);
    const generation = book.generationOf(key);
    try {
      if (sandbox === undefined || sandbox.slots === 0) throw new Error(`the sandbox of ${key} does not answer yet`);
      const request = { slot_id: name, generation: endingToken(generation) };
      await sandbox.client.reset(request, sandbox.token, signal);
      return "free";
    } catch (error) {
      // One that Nomad is stopping answers no more, and ends what is in it.
      if (!generations.isStopping(allocation)) throw error;
    }
    while (!(await generations.hasEnded(allocation))) {
      const soon = AbortSignal.any([signal, AbortSignal.timeout(ENDING)]);
      await generations.changed(soon).catch(() => signal.throwIfAborted());
    }
    return "gone";
  }

  /** Says why there is no slot, where Nomad knows: the pool is as large as it may be, or there is no room for more. */
  private async explained(error: PoolBusyError): Promise<PoolBusyError> {
    const { current } = this.opened.generations;
    if (current === undefined) return error;
    const { max } = this.opened.boundsOf(current);
    const full = current.sandboxes.wanted.length >= max ? `it has all of its ${max} sandboxes` : "";
    const failures = await this.props.nomad.evaluations(current.facts.job).then(unplacedInWords, () => []);
    const why = [full, ...failures.map((failure) => `another sandbox finds no node: ${failure}`)].filter(Boolean);
    return new PoolBusyError(error.pool, error.retryAfter, error.summary, why.join("; "));
  }
}
