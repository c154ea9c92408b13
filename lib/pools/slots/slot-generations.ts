import { setTimeout as sleep } from "node:timers/promises";
import { messageOf, type JobJson, type NomadClient } from "../../nomad";
import { currentOf, jobsOfPool, type Choice, type Duty } from "../generations";
import { factsIn, type PoolJobFacts } from "./pool-job";
import type { PooledSandbox } from "./pooled-sandbox";
import { retire } from "./retirement";
import type { SlotGeneration } from "./slot-generation";
import type { WhichPool } from "./which-pool";

/** What {@link SlotGenerations} are made of. */
export interface SlotGenerationsProps {
  readonly nomad: NomadClient;
  readonly which: WhichPool;
  readonly group: string;
  /** Which generation somebody chose. */
  readonly choice: () => Choice | undefined;
  /** Whether it is known who leases what. */
  readonly isCurrent: () => boolean;
  /** Whose turn it is to take old ones away. */
  readonly duty: Duty;
  /** Follows the sandboxes of a job. */
  readonly begin: (facts: PoolJobFacts, isCurrent: () => boolean) => Promise<Omit<SlotGeneration, "facts">>;
  /** Called when another generation is leased of, or the jobs have changed. */
  readonly onChange: () => void;
  readonly onTrouble: (message: string) => void;
}

/** Between two looks at the pool's jobs, in milliseconds. */
const INTERVAL = 1000;
/** The longest that a timer takes, in milliseconds. */
const EVER = 2 ** 31 - 1;

/**
 * The generations of a slot pool, by a look at its jobs once a second: slots are leased of the current one alone, and one manager at a time takes the
 * old ones away as their leases end.
 */
export class SlotGenerations {
  readonly #known = new Map<string, SlotGeneration>();
  readonly #stop = new AbortController();
  readonly #told = new Set<string>();
  #jobs: ReadonlyMap<string, JobJson> = new Map();
  #there: readonly PoolJobFacts[] = [];
  /** The job that was leased of last: it stays the one where Nomad has none any more. */
  #last: string | undefined;
  #following: Promise<void> = Promise.resolve();

  constructor(private readonly props: SlotGenerationsProps) {}

  /** Those whose sandboxes are followed, old ones among them. */
  get all(): readonly SlotGeneration[] {
    return [...this.#known.values()];
  }

  /** The one that slots are leased of. */
  get current(): SlotGeneration | undefined {
    this.#last = currentOf(this.#there, this.props.choice())?.job ?? this.#last;
    return this.#last === undefined ? undefined : this.#known.get(this.#last);
  }

  /** The jobs that Nomad has, as of the last look. */
  get jobs(): readonly PoolJobFacts[] {
    return this.#there;
  }

  /** A sandbox of any of them. */
  sandbox(allocation: string): PooledSandbox | undefined {
    for (const { sandboxes } of this.#known.values()) {
      const sandbox = sandboxes.get(allocation);
      if (sandbox !== undefined) return sandbox;
    }
    return undefined;
  }

  /** Whether an allocation is of an old generation. */
  isOld(allocation: string): boolean {
    const { current } = this;
    return this.all.some((one) => one !== current && one.sandboxes.has(allocation));
  }

  /** Whether an allocation has ended, asked of Nomad where it is none of those that are followed. */
  async hasEnded(allocation: string): Promise<boolean> {
    const its = this.all.find(({ sandboxes }) => sandboxes.has(allocation)) ?? this.all[0];
    if (its === undefined) throw new Error("no job of the pool was seen yet");
    return its.sandboxes.hasEnded(allocation);
  }

  /** Whether Nomad stops an allocation that is followed. */
  isStopping(allocation: string): boolean {
    return this.all.some(({ sandboxes }) => sandboxes.isStopping(allocation));
  }

  /** Waits for the next thing that Nomad says about the allocations of any. @throws the signal's reason, where none is followed */
  async changed(signal: AbortSignal): Promise<void> {
    const over = new AbortController();
    const until = AbortSignal.any([signal, over.signal]);
    try {
      // Of no promises a race would never end.
      await Promise.race([
        sleep(EVER, undefined, { signal: until, ref: false }),
        ...this.all.map(({ sandboxes }) => sandboxes.changed(until)),
      ]);
    } finally {
      over.abort();
    }
  }

  /** Looks at the pool's jobs now. @throws what Nomad says, where it does not answer or refuses */
  async look(): Promise<void> {
    const jobs = await this.read();
    this.#jobs = new Map(jobs.map((job) => [job.ID, job]));
    const found = jobs.flatMap((job) => factsIn(job, this.props.group) ?? this.leave(job));
    for (const facts of found) {
      const known =
        this.#known.get(facts.job) ??
        (await this.props.begin(facts, () => this.current?.facts.job === facts.job && !this.#stop.signal.aborted));
      this.#known.set(facts.job, { ...known, facts });
    }
    const hasChanged = JSON.stringify(found) !== JSON.stringify(this.#there);
    this.#there = found;
    await this.forget(new Set(found.map(({ job }) => job)));
    if (hasChanged) this.props.onChange();
  }

  /** Goes on looking, and takes old ones away. */
  follow(): void {
    this.#following = this.repeat();
  }

  /** Stops looking, and changes no job any more; the sandboxes are followed until {@link close}. */
  async rest(): Promise<void> {
    this.#stop.abort();
    await Promise.all([this.#following, ...this.all.map(({ resizer }) => resizer.close())]);
    await this.props.duty.leave().catch(() => undefined);
  }

  /** Lets go of every connection; the sandboxes go on. */
  async close(): Promise<void> {
    await Promise.all(this.all.map(({ sandboxes }) => sandboxes.close()));
  }

  private async read(): Promise<readonly JobJson[]> {
    const { nomad, which } = this.props;
    if (which.job === undefined) return jobsOfPool(nomad, which.pool, this.#jobs);
    const job = await nomad.job(which.job);
    return job === undefined || job.Stop === true ? [] : [job];
  }

  /** A job of the pool without sandboxes is nobody's to lease of, or to take away. */
  private leave({ ID }: JobJson): readonly PoolJobFacts[] {
    const { group, onTrouble } = this.props;
    if (!this.#told.has(ID)) onTrouble(`the job ${ID} has no group "${group}": no slot of it is leased`);
    this.#told.add(ID);
    return [];
  }

  /** Lets go of those whose jobs are gone, once all of their sandboxes are. */
  private async forget(there: ReadonlySet<string>): Promise<void> {
    for (const [job, { sandboxes, resizer }] of this.#known) {
      if (there.has(job) || job === this.#last || sandboxes.all.length > 0) continue;
      this.#known.delete(job);
      await resizer.close();
      await sandboxes.close();
    }
  }

  private async repeat(): Promise<void> {
    const { which, onTrouble } = this.props;
    const { signal } = this.#stop;
    for (let told = ""; !signal.aborted;) {
      await sleep(INTERVAL * (0.75 + Math.random() / 2), undefined, { signal }).catch(() => undefined);
      if (signal.aborted) return;
      try {
        await this.look();
        await this.retireOld();
        told = "";
      } catch (error) {
        if (signal.aborted) return;
        const message = messageOf(error);
        if (message !== told) onTrouble(`the jobs of the pool ${which.pool} are not looked after just now: ${message}`);
        told = message;
      }
    }
  }

  private async retireOld(): Promise<void> {
    const { nomad, which, group, duty, isCurrent } = this.props;
    const { signal } = this.#stop;
    const old = this.#there.filter(({ job }) => job !== this.current?.facts.job);
    if (old.length === 0) return duty.leave();
    // Of what is not known nothing follows.
    if (!isCurrent() || !(await duty.turn(signal))) return;
    for (const facts of old) {
      const shrinking = this.#known.get(facts.job)?.shrinking;
      if (shrinking === undefined || signal.aborted || !duty.held) continue;
      const isOld = () => duty.held && this.current?.facts.job !== facts.job;
      await retire({ nomad, pool: which.pool, group, facts, shrinking, isOld, signal });
    }
  }
}
