import { setTimeout as sleep } from "node:timers/promises";
import {
  isConflict,
  messageOf,
  type AllocationStub,
  type JobJson,
  type NomadClient,
  type Registration,
} from "../../nomad";
import { isLive, nextToGo } from "../generations";
import type { Lease, LeaseBook } from "../leases";
import { readJob, type PoolJobFacts } from "./pool-job";
import type { Sandboxes } from "./sandboxes";
import { slotKey, slotOfKey } from "./slot-key";

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
    // One that came up meanwhile, with a higher number, would go in its place.
    return this.by([last], (now, allocations) =>
      nextToGo(allocations, now.count) === last ? now.count - 1 : undefined,
    );
  }

  /** By all sandboxes at once, if nobody leases a slot of any; also below what the job's `scaling` block allows. @returns as {@link byLast} */
  async byAll(): Promise<number | undefined> {
    const all = (await this.allocations()).filter(isLive).map(({ ID }) => ID);
    return this.by(all, (_, allocations) => {
      return allocations.filter(isLive).every(({ ID }) => all.includes(ID)) ? 0 : undefined;
    });
  }

  /** Whether no slot of an allocation is leased or being emptied. */
  isFree(allocation: string): boolean {
    return !this.props.book
      .state()
      .slots.some(({ slot, state }) => state !== "free" && slotOfKey(slot)?.allocation === allocation);
  }

  /** The job's allocations, asked of Nomad. */
  async allocations(): Promise<readonly AllocationStub[]> {
    const { nomad, job, group } = this.props;
    return (await nomad.allocations(job)).filter(({ TaskGroup }) => TaskGroup === group);
  }

  /** @param to how many sandboxes there shall be, of the job and its allocations as they are once all slots are leased; undefined to leave it */
  private async by(
    allocations: readonly string[],
    to: (job: PoolJobFacts, allocations: readonly AllocationStub[]) => number | undefined,
  ): Promise<number | undefined> {
    const { sandboxes } = this.props;
    // It is tried again and again while somebody is in one: that is no reason to write to the store.
    if (!allocations.every((allocation) => this.isFree(allocation))) return undefined;
    const leases: Lease[] = [];
    let isStopped = false;
    try {
      for (const allocation of allocations) if (!(await this.take(allocation, leases))) return undefined;
      const facts = await this.read();
      const count = to(facts, await this.allocations());
      if (count === undefined) return undefined;
      const scaled = count < (facts.min ?? 0) ? await this.empty(facts) : await this.scale(count, facts);
      // The job was changed by somebody else meanwhile.
      if (scaled === undefined) return undefined;
      // Until it is known: what is given back then is ended first.
      isStopped = true;
      isStopped = await this.areStopped(allocations, scaled.EvalID);
      return count;
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

  /** Nomad scales no job below what its `scaling` block says: so that is changed along with the count. */
  private async empty({ index }: PoolJobFacts): Promise<Registration | undefined> {
    const { nomad, job, group } = this.props;
    const held = await nomad.job(job);
    if (held === undefined) return undefined;
    const TaskGroups = groupsOf(held).map((each) =>
      each.Name === group ? { ...each, Count: 0, Scaling: { ...each.Scaling, Min: 0 } } : each,
    );
    try {
      return await nomad.register({ ...held, TaskGroups }, index);
    } catch (error) {
      if (isConflict(error)) return undefined;
      throw error;
    }
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
        book.claim({ owner: "cdk-nomad: shrinking", slot: slotKey(allocation, slot), deadline: CLAIM }),
      ),
    );
    const taken = asked.flatMap((one) => (one.status === "fulfilled" ? [one.value] : []));
    leases.push(...taken);
    // A sandbox may have more slots than the job says of it.
    const own = new Set(taken.map(({ slot }) => slot));
    const others = book.state().slots.filter(({ slot, state }) => state !== "free" && !own.has(slot));
    return taken.length === slots && !others.some(({ slot }) => slotOfKey(slot)?.allocation === allocation);
  }

  private async giveBack(lease: Lease, end: boolean): Promise<void> {
    try {
      await this.props.book.release(lease, { end });
    } catch (error) {
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

function groupsOf({ TaskGroups }: JobJson): readonly { readonly Name?: string; readonly Scaling?: object | null }[] {
  return (TaskGroups ?? []) as readonly { readonly Name?: string; readonly Scaling?: object | null }[];
}
