import { setTimeout as sleep } from "node:timers/promises";
import { messageOf, type NomadClient } from "../../nomad";
import type { Clock, LeaseBook } from "../leases";
import { readJob } from "./pool-job";
import type { Sandboxes } from "./sandboxes";
import type { Shrinking } from "./shrinking";
import { RecentPeak, sandboxesFor, type Bounds, type Demand } from "./size";

/** What a {@link Resizer} is made of. */
export interface ResizerProps {
  readonly nomad: NomadClient;
  readonly job: string;
  readonly group: string;
  readonly sandboxes: Sandboxes;
  readonly shrinking: Shrinking;
  readonly book: LeaseBook;
  /** Whether slots are leased of this job. The size of an old generation is left to whoever takes it away. */
  readonly isCurrent: () => boolean;
  /** What this job is asked for. */
  readonly demand: () => Demand;
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

/**
 * Keeps the number of sandboxes at what is needed, between the bounds. What is needed is worked out from the store, which everybody sees
 * alike, and written with the job's modify index as a condition: so however many managers do this at once, it comes to the same.
 *
 * Nomad scales a group down by the allocations with the highest numbers. So that one, and no other, is taken away ({@link Shrinking}).
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
      // Whoever begins to wait from now on is seen by the next look.
      this.#hurried = new AbortController();
      try {
        await this.look();
        told = "";
      } catch (error) {
        if (signal.aborted) return;
        const message = messageOf(error);
        if (message !== told) this.props.onTrouble(`the size of ${this.props.job} cannot be changed: ${message}`);
        told = message;
      }
      const waiting = this.props.book.state().queue > 0;
      const soon = AbortSignal.any([signal, this.#hurried.signal]);
      await sleep(waiting ? HURRY : USUAL, undefined, { signal: soon }).catch(() => undefined);
      // Not more often than this, however many ask for it.
      if (soon.aborted) await sleep(HURRY / 4, undefined, { signal }).catch(() => undefined);
    }
  }

  private async look(): Promise<void> {
    const { book, sandboxes, bounds, demand, isCurrent } = this.props;
    // Of what is not known nothing follows.
    if (!isCurrent() || !book.isUpToDate) return;
    const limits = bounds();
    const needed = sandboxesFor(demand(), limits, sandboxes.failing);
    const peak = this.#peak.add(needed);
    if (peak !== this.#offered) {
      this.#offered = peak;
      book.wake();
    }
    // Somebody else may have changed the job meanwhile.
    if (this.#count !== sandboxes.wanted.length && this.props.clock.now() - this.#read > USUAL) await this.read();
    if (needed > this.#count) await this.grow(needed);
    else if (peak < this.#count)
      this.#count = (await this.props.shrinking.byLast(limits.min, { onlyReady: true })) ?? this.#count;
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
}
