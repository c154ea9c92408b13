import { setTimeout as sleep } from "node:timers/promises";
import { messageOf, type JobJson, type NomadClient } from "../../nomad";
import { Attempts, currentOf, readJobs, type Choice, type Duty } from "../generations";
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
  readonly isUpToDate: () => boolean;
  /** Whose turn it is to take old ones away. */
  readonly duty: Duty;
  /** Follows the sandboxes of a job. */
  readonly begin: (facts: PoolJobFacts, isCurrent: () => boolean) => Promise<Omit<SlotGeneration, "facts">>;
  /** Called when another generation is leased of, or the jobs have changed. */
  readonly onChange: () => void;
  readonly onTrouble: (message: string) => void;
}

/** What Nomad has of a pool. */
interface Found {
  /** Its jobs that are not stopped. */
  readonly jobs: readonly JobJson[];
  /** The ids of all that are there, stopped ones among them. */
  readonly registered: ReadonlySet<string>;
  /** The ids of those that cannot be read just now. */
  readonly unread: ReadonlySet<string>;
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
  readonly #reads: Attempts;
  readonly #begins: Attempts;
  readonly #retirements: Attempts;
  /** The jobs that Nomad has, as of the last look, and what they say. */
  #seen: ReadonlyMap<string, { readonly job: JobJson; readonly facts: PoolJobFacts }> = new Map();
  /** The job that was leased of at the last look: it stays the one where Nomad has none any more. */
  #last: string | undefined;
  #following: Promise<void> = Promise.resolve();

  constructor(private readonly props: SlotGenerationsProps) {
    const { onTrouble } = props;
    this.#reads = new Attempts(onTrouble, (job, message) => `the job ${job} is left out: ${message}`);
    this.#begins = new Attempts(
      onTrouble,
      (job, message) => `the sandboxes of ${job} are not followed yet: ${message}`,
    );
    this.#retirements = new Attempts(
      onTrouble,
      (job, message) => `the old job ${job} is not taken away yet: ${message}`,
    );
  }

  /** Those whose sandboxes are followed, old ones among them. */
  get all(): readonly SlotGeneration[] {
    return [...this.#known.values()];
  }

  /** The one that slots are leased of. */
  get current(): SlotGeneration | undefined {
    const job = this.wanted?.job ?? this.#last;
    return job === undefined ? undefined : this.#known.get(job);
  }

  /** The jobs that Nomad has, as of the last look. */
  get jobs(): readonly PoolJobFacts[] {
    return [...this.#seen.values()].map(({ facts }) => facts);
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

  /**
   * Looks at the pool's jobs now. What goes wrong with one of them is told, and holds up none of the others.
   *
   * @throws what Nomad says, where it does not answer or refuses, or the generation that slots are to be leased of cannot be followed
   */
  async look(): Promise<void> {
    const { jobs, registered, unread } = await this.read();
    const seen = new Map(
      jobs.flatMap((job) => {
        const facts = this.factsOf(job);
        return facts ? [[job.ID, { job, facts }] as const] : [];
      }),
    );
    this.#reads.keep([...unread, ...jobs.map(({ ID }) => ID).filter((id) => !seen.has(id))]);
    const found = [...seen.values()].map(({ facts }) => facts);
    const failed = new Map<string, unknown>();
    for (const facts of found) {
      const failure = await this.#begins.of(facts.job, () => this.see(facts), this.#stop.signal);
      if (failure !== undefined) failed.set(facts.job, failure.error);
    }
    this.#begins.keep(found.map(({ job }) => job));
    const hasChanged = JSON.stringify(found) !== JSON.stringify(this.jobs);
    this.#seen = seen;
    this.#last = this.wanted?.job ?? this.#last;
    await this.forget(registered);
    if (hasChanged) this.props.onChange();
    if (this.#last !== undefined && failed.has(this.#last)) throw failed.get(this.#last);
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

  /** Which of the jobs that Nomad has is the one that slots are to be leased of. */
  private get wanted(): PoolJobFacts | undefined {
    return currentOf(this.jobs, this.props.choice());
  }

  /** Reads what Nomad has of the pool. */
  private async read(): Promise<Found> {
    const { nomad, which } = this.props;
    if (which.job !== undefined) {
      const job = await nomad.job(which.job);
      if (job === undefined) return { jobs: [], registered: new Set(), unread: new Set() };
      return { jobs: job.Stop === true ? [] : [job], registered: new Set([job.ID]), unread: new Set() };
    }
    const stubs = await nomad.jobs(which.pool);
    const unread = new Set<string>();
    const jobs = await readJobs(nomad, which.pool, stubs, {
      known: new Map([...this.#seen].map(([id, { job }]) => [id, job])),
      onUnread: (job, error) => {
        unread.add(job);
        this.#reads.failed(job, error);
      },
    });
    return { jobs, registered: new Set(stubs.map(({ ID }) => ID)), unread };
  }

  /** What a job says. One of the pool without sandboxes is nobody's to lease of, or to take away. */
  private factsOf(job: JobJson): PoolJobFacts | undefined {
    const { group } = this.props;
    try {
      const facts = factsIn(job, group);
      if (facts !== undefined) return facts;
      this.#reads.failed(job.ID, new Error(`it has no group "${group}", and no slot of it is leased`));
    } catch (error) {
      this.#reads.failed(job.ID, error);
    }
    return undefined;
  }

  /** Follows a generation, and keeps what its job says. */
  private async see(facts: PoolJobFacts): Promise<void> {
    const isCurrent = () => this.current?.facts.job === facts.job && !this.#stop.signal.aborted;
    const known = this.#known.get(facts.job) ?? (await this.props.begin(facts, isCurrent));
    this.#known.set(facts.job, { ...known, facts });
  }

  /** Lets go of those whose jobs are gone, once all of their sandboxes are. */
  private async forget(registered: ReadonlySet<string>): Promise<void> {
    for (const [job, { sandboxes, resizer }] of this.#known) {
      if (registered.has(job) || job === this.#last || sandboxes.all.length > 0) continue;
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
        // Where the one that is leased of cannot be followed, old ones go all the same.
        await this.look().finally(() => this.retireOld());
        told = "";
      } catch (error) {
        if (signal.aborted) return;
        const message = messageOf(error);
        if (message !== told) onTrouble(`the jobs of the pool ${which.pool} are not looked after just now: ${message}`);
        told = message;
      }
    }
  }

  /** Whether a generation is an old one. One that is stopped has to be purged still, unless it was somebody else who stopped it, while it was leased of. */
  private isToGo({ job, created }: PoolJobFacts): boolean {
    const current = this.wanted;
    if (current === undefined || job === current.job) return false;
    return this.#seen.has(job) || created < current.created || this.props.choice()?.job === current.job;
  }

  private async retireOld(): Promise<void> {
    const { nomad, which, group, duty, isUpToDate } = this.props;
    const { signal } = this.#stop;
    const old = this.all.filter(({ facts }) => this.isToGo(facts));
    if (old.length === 0) return duty.leave(signal);
    // Of what is not known nothing follows.
    if (!isUpToDate() || !(await duty.turn(signal))) return;
    for (const { facts, shrinking } of old) {
      if (signal.aborted || !duty.held) return;
      const isOld = () => duty.held && this.current?.facts.job !== facts.job;
      const parts = { nomad, pool: which.pool, group, facts, shrinking, isOld };
      await this.#retirements.of(facts.job, () => retire(parts), signal);
    }
    this.#retirements.keep(old.map(({ facts }) => facts.job));
  }
}
