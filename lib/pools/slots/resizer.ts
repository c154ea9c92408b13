import { setTimeout as sleep } from "node:timers/promises";
import { messageOf, numberInName, type NomadClient } from "../../nomad";
import type { Clock, Lease, LeaseBook } from "../leases";
import { readJob } from "./pool-job";
import type { Sandboxes } from "./sandboxes";
import { RecentPeak, sandboxesFor, type Bounds } from "./size";
import { slotKey } from "./slot-key";

/** What a {@link Resizer} is made of. */
export interface ResizerProps {
  readonly nomad: NomadClient;
  readonly job: string;
  readonly group: string;
  readonly sandboxes: Sandboxes;
  readonly book: LeaseBook;
  /** Asked each time, as the first sandbox tells how many slots it really has. */
  readonly bounds: () => Bounds;
  /** After how many milliseconds without need a sandbox is taken away. */
  readonly idle: number;
  readonly clock: Clock;
  readonly onTrouble: (message: string) => void;
}

/** Milliseconds between two looks: while callers wait, and else. */
const HURRY = 100;
const USUAL = 1000;
/** How long taking the slots of a sandbox may take before it is left alone, in milliseconds. */
const CLAIM = 2000;

/**
 * Keeps the number of sandboxes at what is needed, between the bounds. What is needed is worked out from the store, which everybody sees
 * alike, and written with the job's modify index as a condition: so however many managers do this at once, it comes to the same.
 *
 * Nomad scales a group down by the allocations with the highest numbers. So that one, and no other, is taken away, once this manager has
 * leased all of its slots itself: nobody is in it then, and nobody can come in.
 */
export class Resizer {
  readonly #peak: RecentPeak;
  readonly #stop = new AbortController();
  #count: number;
  #read = -Infinity;
  #offered = Infinity;
  #hurried = new AbortController();
  #done: Promise<void> = Promise.resolve();

  constructor(
    private readonly props: ResizerProps,
    count: number,
  ) {
    this.#peak = new RecentPeak(props.idle, () => props.clock.now());
    this.#count = count;
  }

  /** How many sandboxes the job is to have, as it was read last. */
  get count(): number {
    return this.#count;
  }

  start(): void {
    this.#done = this.run();
  }

  /**
   * How many sandboxes slots are leased of. Those beyond, with the highest numbers, are not needed: they are left to become empty, since
   * slots are leased in no order that would empty one of them else.
   */
  get offered(): number {
    return this.#offered;
  }

  /** Has it look now: somebody waits. */
  hurry(): void {
    this.#hurried.abort();
  }

  async close(): Promise<void> {
    this.#stop.abort();
    await this.#done;
  }

  private async run(): Promise<void> {
    const { signal } = this.#stop;
    let told = "";
    while (!signal.aborted) {
      try {
        await this.look();
        told = "";
      } catch (error) {
        if (signal.aborted) return;
        const message = messageOf(error);
        if (message !== told) this.props.onTrouble(`the size of ${this.props.job} cannot be changed: ${message}`);
        told = message;
      }
      this.#hurried = new AbortController();
      const waiting = this.props.book.state().queue > 0;
      const soon = AbortSignal.any([signal, this.#hurried.signal]);
      await sleep(waiting ? HURRY : USUAL, undefined, { signal: soon }).catch(() => undefined);
      // Not more often than this, however many ask for it.
      if (soon.aborted) await sleep(HURRY / 4, undefined, { signal }).catch(() => undefined);
    }
  }

  private async look(): Promise<void> {
    const { book, sandboxes, bounds } = this.props;
    const { leased, queue, current } = book.state();
    // Of what is not known nothing follows.
    if (!current) return;
    const limits = bounds();
    const needed = sandboxesFor({ leased, waiting: queue }, limits, sandboxes.failing);
    const peak = this.#peak.add(needed);
    if (peak !== this.#offered) {
      this.#offered = peak;
      book.wake();
    }
    // Somebody else may have changed the job meanwhile.
    if (this.#count !== sandboxes.wanted.length && this.props.clock.now() - this.#read > USUAL) await this.read();
    if (needed > this.#count) await this.grow(needed);
    else if (peak < this.#count) await this.shrink(limits);
  }

  private async read() {
    const { nomad, job, group, clock } = this.props;
    const facts = await readJob(nomad, job, group);
    this.#count = facts.count;
    this.#read = clock.now();
    return facts;
  }

  private async grow(needed: number): Promise<void> {
    const { nomad, job, group } = this.props;
    const { count, index } = await this.read();
    if (count >= needed) return;
    const message = `cdk-nomad: ${needed} sandboxes are needed`;
    // Where another manager was first, the next look sees what it did.
    if ((await nomad.scale(job, group, needed, { index, message })) !== undefined) this.#count = needed;
  }

  private async shrink({ min }: Bounds): Promise<void> {
    const { nomad, job, group, sandboxes } = this.props;
    const { count, index } = await this.read();
    const last = this.last();
    if (count <= min || last === undefined) return;
    const leases = await this.take(last.allocation, last.slots);
    if (leases === undefined) return;
    let isStopped = false;
    try {
      // A sandbox that came up meanwhile, with a higher number, would go in its place; then the job has another index, or it is seen here.
      if (this.last() !== last) return;
      const message = "cdk-nomad: the last sandbox is not needed";
      const scaled = await nomad.scale(job, group, count - 1, { index, message });
      if (scaled === undefined) return;
      this.#count = count - 1;
      // Until it is known: what is given back then is ended first.
      isStopped = true;
      isStopped = await this.isStopped(last.allocation, scaled.EvalID);
    } finally {
      // What was not stopped is offered again as it is: nobody was in it.
      await Promise.all(leases.map((lease) => this.giveBack(lease, isStopped)));
    }
    if (isStopped) sandboxes.get(last.allocation)?.stopping();
  }

  /** The sandbox that Nomad would stop first, if it is one that can be told: it answers, and no other has its number. */
  private last() {
    const { sandboxes } = this.props;
    const [first, second] = sandboxes.wanted
      .map(({ ID, Name }) => ({ id: ID, number: numberInName(Name) ?? -1 }))
      .sort((a, b) => b.number - a.number);
    if (first === undefined || first.number === second?.number) return undefined;
    const sandbox = sandboxes.get(first.id);
    return sandbox?.state === "ready" ? sandbox : undefined;
  }

  /** Leases every slot of a sandbox; none, where one of them is not free. */
  private async take(allocation: string, slots: number): Promise<readonly Lease[] | undefined> {
    const { book } = this.props;
    const asked = await Promise.allSettled(
      Array.from({ length: slots }, (_, slot) =>
        book.claim({ owner: "cdk-nomad: shrinking", slot: slotKey(allocation, slot), deadline: CLAIM }),
      ),
    );
    const leases = asked.flatMap((one) => (one.status === "fulfilled" ? [one.value] : []));
    if (leases.length === slots) return leases;
    await Promise.all(leases.map((lease) => this.giveBack(lease, false)));
    return undefined;
  }

  private async giveBack(lease: Lease, end: boolean): Promise<void> {
    try {
      await this.props.book.release(lease, { end });
    } catch (error) {
      this.props.onTrouble(`${lease.slot} is given back late: ${messageOf(error)}`);
    }
  }

  /**
   * Whether Nomad has stopped it, once the scheduler is through: that takes as long as there is no leader. (It is another one that goes where
   * one was being moved away already; then this one stays.)
   */
  private async isStopped(allocation: string, evaluation: string): Promise<boolean> {
    const { nomad, job } = this.props;
    const { signal } = this.#stop;
    for (;;) {
      try {
        const isThrough = ((await nomad.evaluation(evaluation))?.Status ?? "complete") === "complete";
        const found = (await nomad.allocations(job)).find(({ ID }) => ID === allocation);
        if (found?.DesiredStatus !== "run") return true;
        if (isThrough) return false;
      } catch {
        // Until Nomad answers again the slots stay leased: nobody comes in.
      }
      await sleep(HURRY, undefined, { signal });
    }
  }
}
