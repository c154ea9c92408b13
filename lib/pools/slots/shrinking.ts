import { setTimeout as sleep } from "node:timers/promises";
import { isConflict, messageOf, type AllocationStub, type NomadClient, type Registration } from "../../nomad";
import { isLive, nextToGo } from "../generations";
import { LeaseEndedError, type Lease, type LeaseBook } from "../leases";
import { factsIn, readJob, type PoolJobFacts } from "./pool-job";
import type { Sandboxes } from "./sandboxes";
import { allocationOf, slotKey } from "./slot-key";

/** What {@link Shrinking} works with. */
export interface ShrinkingProps {
  readonly nomad: NomadClient;
  readonly job: string;
  readonly group: string;
  readonly sandboxes: Sandboxes;
  readonly book: LeaseBook;
  /** How many slots a sandbox has that has not answered, as far as the job says it. */
  readonly slots: () => number | undefined;
  readonly onTrouble: (message: string) => void;
  /** Ends the waiting for what Nomad does. */
  readonly signal: AbortSignal;
}

/** How long taking the slots of a sandbox may take before it is left alone, in milliseconds. */
const CLAIM = 2000;
const INTERVAL = 100;

/**
 * Makes a job of sandboxes smaller by sandboxes in which nobody is, and nobody can come: this manager leases all of their slots first. Whoever
 * does it at the same time leases others, or none. Where a manager dies on the way, its leases end as any others do.
 */
export class Shrinking {
  constructor(private readonly props: ShrinkingProps) {}

  /**
   * By the sandbox that Nomad would stop first, if that is certain and nobody leases a slot of it.
   *
   * @param least how many sandboxes stay at least
   * @param options `onlyReady`: whether one that does not answer is left alone
   * @returns how many sandboxes the job is to have by now; undefined where it has as many as before
   */
  async byLast(least: number, { onlyReady }: { readonly onlyReady: boolean }): Promise<number | undefined> {
    const { count } = await this.read();
    const last = count > least ? nextToGo(await this.allocations(), count) : undefined;
    if (last === undefined || (onlyReady && this.props.sandboxes.get(last)?.state !== "ready")) return undefined;
    const to = { count };
    const isSmaller = await this.by([last], async (now, allocations) => {
      // One that came up meanwhile, with a higher number, would go in its place.
      if (nextToGo(allocations, now.count) !== last) return undefined;
      to.count = now.count - 1;
      return this.scale(to.count, now);
    });
    return isSmaller ? to.count : undefined;
  }

  /**
   * Stops the job, and all of its sandboxes with it, if nobody leases a slot of any. All that the job says stays as it is, such as how many sandboxes it
   * wants at least: it holds for whoever brings it back.
   *
   * @param isWanted asked in the last moment, when nobody can come in any more
   * @returns whether it is stopped
   */
  async stopAll(isWanted: () => boolean): Promise<boolean> {
    const all = (await this.allocations()).filter(isLive).map(({ ID }) => ID);
    return this.by(all, async ({ index }, allocations) => {
      if (!isWanted() || !allocations.filter(isLive).every(({ ID }) => all.includes(ID))) return undefined;
      return this.stop(index);
    });
  }

  /** Whether no slot of an allocation is leased or being emptied. */
  isFree(allocation: string): boolean {
    return !this.props.book.state().slots.some((one) => one.state !== "free" && allocationOf(one) === allocation);
  }

  /** The job's allocations, asked of Nomad. */
  async allocations(): Promise<readonly AllocationStub[]> {
    const { nomad, job, group } = this.props;
    return (await nomad.allocations(job)).filter(({ TaskGroup }) => TaskGroup === group);
  }

  /**
   * Changes the job once all slots of some allocations are leased here.
   *
   * @param change of the job and its allocations as they are then; undefined where it was left as it is
   * @returns whether it was changed
   */
  private async by(
    allocations: readonly string[],
    change: (job: PoolJobFacts, allocations: readonly AllocationStub[]) => Promise<Registration | undefined>,
  ): Promise<boolean> {
    const { sandboxes } = this.props;
    // It is tried again and again while somebody is in one: that is no reason to write to the store.
    if (!allocations.every((allocation) => this.isFree(allocation))) return false;
    const leases: Lease[] = [];
    let isStopped = false;
    try {
      for (const allocation of allocations) if (!(await this.take(allocation, leases))) return false;
      const facts = await this.standing();
      const changed = facts && (await change(facts, await this.allocations()));
      // The job was changed by somebody else meanwhile.
      if (changed === undefined) return false;
      // Until it is known: what is given back then is ended first.
      isStopped = true;
      isStopped = await this.areStopped(allocations, changed.EvalID);
      return true;
    } finally {
      // What was not stopped is offered again as it is: nobody was in it.
      await Promise.all(leases.map((lease) => this.giveBack(lease, isStopped)));
      if (isStopped) for (const allocation of allocations) sandboxes.get(allocation)?.stopping();
    }
  }

  private async scale(count: number, { index }: PoolJobFacts): Promise<Registration | undefined> {
    const { nomad, job, group } = this.props;
    return nomad.scale(job, group, count, { index, message: "cdk-nomad: the last sandboxes are not needed" });
  }

  /** A job is stopped by its registration, since that alone is refused where somebody has changed it meanwhile. */
  private async stop(index: number): Promise<Registration | undefined> {
    const { nomad, job } = this.props;
    const held = await nomad.job(job);
    if (held === undefined) return undefined;
    try {
      return await nomad.register({ ...held, Stop: true }, index);
    } catch (error) {
      if (isConflict(error)) return undefined;
      throw error;
    }
  }

  /** What the job says, unless somebody has stopped it, or taken it away. */
  private async standing(): Promise<PoolJobFacts | undefined> {
    const { nomad, job, group } = this.props;
    const held = await nomad.job(job);
    return held === undefined || held.Stop === true ? undefined : factsIn(held, group);
  }

  private async read(): Promise<PoolJobFacts> {
    const { nomad, job, group } = this.props;
    return readJob(nomad, job, group);
  }

  /** Leases every slot of a sandbox. @returns whether it has them all; what it got is in the list in any case */
  private async take(allocation: string, leases: Lease[]): Promise<boolean> {
    const { book, sandboxes, slots: told } = this.props;
    const slots = sandboxes.get(allocation)?.slots || told();
    if (slots === undefined) return false;
    const asked = await Promise.allSettled(
      Array.from({ length: slots }, (_, slot) =>
        book.claim({ owner: "cdk-nomad: shrinking", slot: slotKey(allocation, slot), timeout: CLAIM }),
      ),
    );
    const taken = asked.flatMap((one) => (one.status === "fulfilled" ? [one.value] : []));
    leases.push(...taken);
    // A sandbox may have more slots than the job says of it.
    const own = new Set(taken.map(({ slot }) => slot));
    const others = book.state().slots.filter(({ slot, state }) => state !== "free" && !own.has(slot));
    return taken.length === slots && !others.some((one) => allocationOf(one) === allocation);
  }

  private async giveBack(lease: Lease, end: boolean): Promise<void> {
    try {
      await this.props.book.release(lease, { end });
    } catch (error) {
      // Another manager saw first that the sandbox is gone, and ended what was leased of it: there is nothing to give back.
      if (error instanceof LeaseEndedError) return;
      this.props.onTrouble(`${lease.slot} is given back late: ${messageOf(error)}`);
    }
  }

  /**
   * Whether Nomad has stopped them, once the scheduler is through: that takes as long as there is no leader. (It is another one that goes where
   * one was being moved away already; then this one stays.)
   */
  private async areStopped(allocations: readonly string[], evaluation: string): Promise<boolean> {
    const { nomad, signal } = this.props;
    for (;;) {
      try {
        const isThrough = ((await nomad.evaluation(evaluation))?.Status ?? "complete") === "complete";
        const wanted = (await this.allocations()).filter(({ DesiredStatus }) => DesiredStatus === "run");
        if (!wanted.some(({ ID }) => allocations.includes(ID))) return true;
        if (isThrough) return false;
      } catch {
        // Until Nomad answers again the slots stay leased: nobody comes in.
      }
      await sleep(INTERVAL, undefined, { signal });
    }
  }
}
