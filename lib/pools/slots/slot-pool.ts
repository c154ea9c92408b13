import { setTimeout as sleep } from "node:timers/promises";
import { messageOf, unplacedInWords } from "../../nomad";
import type { ExecuteOptions, ExecutionResult, Place } from "../execution";
import { LeaseBook, LeaseEndedError, monotonicClock, PoolBusyError, type Lease } from "../leases";
import { call, meaningOf, ownerMark, SlotLostError } from "./call";
import { HeldSlots, leaseEnded } from "./held-slots";
import type {
  AcquireOptions,
  BatchItem,
  BatchResult,
  SlotHandle,
  SlotPoolProps,
  SlotPoolStatus,
  ToolCall,
} from "./options";
import { ensureJob, readJob, type PoolJobFacts } from "./pool-job";
import type { PooledSandbox, SandboxEnd } from "./pooled-sandbox";
import { Resizer } from "./resizer";
import { readSandboxToken } from "./sandbox-token";
import { Sandboxes } from "./sandboxes";
import type { Bounds } from "./size";
import { callToken, endingToken, slotKey, slotOfKey } from "./slot-key";

const DEADLINE = 120_000;
const IDLE = 60_000;
const CHECK_INTERVAL = 5000;
const SILENCE = 15_000;
/** Milliseconds between two looks at what ended sandboxes left, where nothing changes meanwhile. */
const SWEEP = 1000;
const USUAL_SLOTS = 10;
/** Where neither the props nor the job say anything. */
const USUAL_MIN = 1;
const USUAL_MAX = 10;

const ENDS: Readonly<Record<SandboxEnd, string>> = {
  ended: "its allocation has ended",
  restarted: "its sandbox was started anew, and what was in the slot is gone",
  silent: "its sandbox does not answer any more",
};

/**
 * Sandboxes with slots, shared by any number of managers: a task acquires a slot, runs its commands there, and gives it back. The leases
 * stand in the store and the sandboxes in Nomad; a manager keeps nothing that it could lose.
 *
 * Clients that choose slots by themselves, as the first ones of Hermes do, hold no leases: a job is served either by them or by slot pools.
 */
export class SlotPool {
  readonly name: string;
  readonly #job: string;
  readonly #group: string;
  readonly #book: LeaseBook;
  readonly #sandboxes: Sandboxes;
  readonly #held = new HeldSlots();
  readonly #stop = new AbortController();
  #facts: PoolJobFacts | undefined;
  #resizer: Resizer | undefined;

  constructor(private readonly props: SlotPoolProps) {
    const { nomad, store, job, clock = monotonicClock, onTrouble = () => undefined } = props;
    this.#job = typeof job === "string" ? job : job.id;
    this.name = props.pool ?? this.#job;
    this.#group = props.group ?? "sandbox";
    this.#sandboxes = new Sandboxes({
      nomad,
      job: this.#job,
      group: this.#group,
      task: props.task ?? "sandbox-server",
      port: props.port ?? "http",
      token: (place) => this.tokenOf(place),
      checkInterval: props.checkInterval ?? CHECK_INTERVAL,
      silence: props.silence ?? SILENCE,
      clock,
      onChange: () => this.#resizer && this.#book.wake(),
      onLost: (sandbox, end) => this.lose(sandbox, end),
      onTrouble,
    });
    this.#book = new LeaseBook({
      store,
      pool: this.name,
      candidates: () => this.candidates(),
      end: (slot, signal) => this.endSlot(slot, signal),
      onLost: (lease, reason) => this.#held.end(leaseEnded(lease, reason)),
      onTrouble,
      onEvent: props.onEvent,
      ttl: props.ttl,
      queueLimit: props.queueLimit,
      manager: props.manager ?? "slot-pool",
      clock,
    });
  }

  /** This manager's id in the leases. */
  get manager(): string {
    return this.#book.manager;
  }

  /**
   * Finds the job and its sandboxes, and takes part in the pool. A job that was given whole is registered where Nomad has none of its id.
   *
   * @throws UserError where there is no such job or group; what Nomad or the store say, where they refuse or do not answer
   */
  async start(): Promise<void> {
    const { nomad, job, clock = monotonicClock, onTrouble = () => undefined } = this.props;
    if (typeof job !== "string") await ensureJob(nomad, job);
    this.#facts = await readJob(nomad, this.#job, this.#group);
    await this.#sandboxes.start();
    await this.#book.start();
    this.#resizer = new Resizer(
      {
        nomad,
        job: this.#job,
        group: this.#group,
        sandboxes: this.#sandboxes,
        book: this.#book,
        bounds: () => this.bounds,
        idle: this.props.idle ?? IDLE,
        clock,
        onTrouble,
      },
      this.#facts.count,
    );
    this.#resizer.start();
    void this.sweep(this.#stop.signal);
  }

  /**
   * Gives back every slot that this manager leases, and lets go of every connection. The sandboxes go on: other managers may use them, and
   * take away those that are not needed.
   */
  async stop(): Promise<void> {
    this.#stop.abort();
    await this.#resizer?.close();
    for (const lease of this.#book.leases()) this.#held.end(leaseEnded(lease, "released", "its manager was stopped"));
    await this.#book.stop();
    await this.#sandboxes.close();
    this.#resizer = undefined;
  }

  /**
   * Leases a slot; where none is free, waits in the queue, and another sandbox is started.
   *
   * @param taskId whose it will be: any text. Each call leases a slot of its own, also for the same task
   * @throws PoolBusyError where there is none until the deadline, or too many wait; what the signal says, where it is given up
   */
  async acquire(taskId: string, { deadline = DEADLINE, signal }: AcquireOptions = {}): Promise<SlotHandle> {
    const settled = new AbortController();
    void this.hurryWhile(settled.signal);
    try {
      const lease = await this.#book.claim({ owner: taskId, deadline, signal });
      const { allocation, slot } = slotOfKey(lease.slot) ?? { allocation: lease.slot, slot: 0 };
      const isolation = this.#sandboxes.get(allocation)?.isolation ?? "none";
      this.#held.signal(lease);
      return { lease, allocation, slot: `slot_${slot}`, isolation };
    } catch (error) {
      throw error instanceof PoolBusyError ? await this.explained(error) : error;
    } finally {
      settled.abort();
    }
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
    return this.with(handle, options.signal, (sandbox, over) =>
      this.#held.running(handle.lease, (cancelled) => call(sandbox, handle, command, options, { over, cancelled })),
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
  async reset(handle: SlotHandle, { signal }: { readonly signal?: AbortSignal } = {}): Promise<void> {
    const { lease, slot } = handle;
    await this.with(handle, signal, async (sandbox, over) => {
      this.#held.cancel(lease);
      const request = { slot_id: slot, generation: callToken(lease.generation), owner: ownerMark(lease) };
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
      await this.#book.release(lease, { end: options.resetWorkspace ?? true });
      return true;
    } catch (error) {
      if (error instanceof LeaseEndedError) return false;
      throw error;
    }
  }

  /** The pool as this manager sees it, from memory. */
  status(): SlotPoolStatus {
    const { min, max } = this.bounds;
    const state = this.#book.state();
    const count = (allocation: string, wanted: "held" | "ending") =>
      state.slots.filter(({ slot, state: is }) => is === wanted && slot.startsWith(`${allocation}.`)).length;
    return {
      pool: this.name,
      job: this.#job,
      min,
      max,
      count: this.#resizer?.count ?? 0,
      sandboxes: this.#sandboxes.all.map(({ allocation, number, state: is, slots, isolation }) => ({
        allocation,
        number,
        state: is,
        slots,
        leased: count(allocation, "held"),
        ending: count(allocation, "ending"),
        isolation,
      })),
      free: state.free,
      leased: state.leased,
      ending: state.ending,
      queue: state.queue,
      managers: state.managers,
      current: state.current,
    };
  }

  private get bounds(): Bounds {
    const { props } = this;
    const facts = this.#facts;
    const slots = this.#sandboxes.all.find((sandbox) => sandbox.slots > 0)?.slots;
    return {
      min: props.min ?? facts?.min ?? USUAL_MIN,
      max: props.max ?? facts?.max ?? USUAL_MAX,
      slots: slots ?? props.slots ?? facts?.slots ?? USUAL_SLOTS,
    };
  }

  /** The slots that may be leased: those of the sandboxes with the lowest numbers, since those with the highest go first. */
  private *candidates(): Iterable<string> {
    const ready = this.#sandboxes.all.filter(({ state }) => state === "ready").sort((a, b) => a.number - b.number);
    for (const { allocation, slots } of ready.slice(0, this.#resizer?.offered))
      for (let slot = 0; slot < slots; slot += 1) yield slotKey(allocation, slot);
  }

  private async tokenOf(place: Place): Promise<string | undefined> {
    const { token, nomad } = this.props;
    if (token === undefined) return readSandboxToken(nomad, place);
    return typeof token === "function" ? token(place) : (token ?? undefined);
  }

  /** Does something in a leased slot, and remembers where it tells that the lease is over. */
  private async with<T>(
    { lease, allocation }: SlotHandle,
    signal: AbortSignal | undefined,
    work: (sandbox: PooledSandbox, over: AbortSignal) => Promise<T>,
  ): Promise<T> {
    const over = this.#held.signal(lease);
    try {
      await this.#book.check(lease);
      signal?.throwIfAborted();
      over.throwIfAborted();
      const sandbox = this.#sandboxes.get(allocation);
      if (sandbox === undefined)
        throw leaseEnded(lease, "gone", (await this.#sandboxes.hasEnded(allocation)) ? ENDS.ended : ENDS.restarted);
      return await work(sandbox, over);
    } catch (error) {
      if (error instanceof LeaseEndedError) this.giveUp(error, lease);
      else if (error instanceof SlotLostError && !error.isThere) this.giveUp(leaseEnded(lease, "gone"), lease);
      throw error;
    }
  }

  /** A lease that turned out to be over. Where its slot is not there any more, nobody else has to wait until they notice. */
  private giveUp(error: LeaseEndedError, lease: Lease): void {
    if (this.#held.end(error) && error.reason === "gone") this.#book.release(lease).catch(() => undefined);
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
    const isHeld = this.#book
      .state()
      .slots.some(
        ({ slot, state, manager }) =>
          state === "held" && manager !== this.manager && slotOfKey(slot)?.allocation === allocation,
      );
    const onTrouble = this.props.onTrouble ?? (() => undefined);
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
    const { allocation, slot } = slotOfKey(key) ?? { allocation: "", slot: 0 };
    if (allocation === "" || (await this.#sandboxes.hasEnded(allocation))) return "gone";
    const sandbox = this.#sandboxes.get(allocation);
    if (sandbox === undefined || sandbox.slots === 0) throw new Error(`the sandbox of ${key} does not answer yet`);
    const generation = this.#book.state().slots.find((one) => one.slot === key)?.generation ?? 0;
    const request = { slot_id: `slot_${slot}`, generation: endingToken(generation) };
    await sandbox.client.reset(request, sandbox.token, signal);
    return "free";
  }

  /** Ends the leases of allocations that have ended, whoever held them: nobody else may know. */
  private async sweep(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      try {
        for (const [allocation, keys] of this.untracked())
          if (await this.#sandboxes.hasEnded(allocation))
            await Promise.all(keys.map((key) => this.#book.retire(key, { gone: true })));
      } catch (error) {
        if (!signal.aborted) this.props.onTrouble?.(`what ended sandboxes left is not swept yet: ${String(error)}`);
      }
      await this.#sandboxes.changed(AbortSignal.any([signal, AbortSignal.timeout(SWEEP)])).catch(() => undefined);
    }
  }

  /** Slots that the store has and whose sandbox is not known here, by their allocations. */
  private untracked(): ReadonlyMap<string, readonly string[]> {
    const found = new Map<string, string[]>();
    for (const { slot } of this.#book.state().slots) {
      const allocation = slotOfKey(slot)?.allocation;
      if (allocation !== undefined && this.#sandboxes.get(allocation) === undefined)
        found.set(allocation, [...(found.get(allocation) ?? []), slot]);
    }
    return found;
  }

  /** As long as a caller waits, the size of the pool is looked at often. */
  private async hurryWhile(settled: AbortSignal): Promise<void> {
    while (!settled.aborted) {
      await sleep(20, undefined, { signal: settled, ref: false }).catch(() => undefined);
      if (!settled.aborted) this.#resizer?.hurry();
    }
  }

  /** Says why there is no slot, where Nomad knows: the pool is as large as it may be, or there is no room for more. */
  private async explained(error: PoolBusyError): Promise<PoolBusyError> {
    const { max } = this.bounds;
    const full = this.#sandboxes.wanted.length >= max ? `it has all of its ${max} sandboxes` : "";
    const failures = await this.props.nomad.evaluations(this.#job).then(unplacedInWords, () => []);
    const why = [full, ...failures.map((failure) => `another sandbox finds no node: ${failure}`)].filter(Boolean);
    return new PoolBusyError(error.pool, error.retryAfter, error.summary, why.join("; "));
  }
}
