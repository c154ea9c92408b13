import { setMaxListeners } from "node:events";
import {
  millisecondsOf,
  isClosed,
  messageOf,
  numberInName,
  type AllocationStub,
  type ConsulClient,
  type JobJson,
  type NomadClient,
  type ServiceInstance,
} from "../../nomad";
import type { Place } from "../execution";
import { Attempts, isLive, jobsOfPool } from "../generations";
import { pause, type Clock } from "../leases";
import { generationFrom, type Generation } from "./generations";

/** A container of a pool: an allocation that is not over. */
export interface Container {
  /** The allocation's id, which is the slot's name. */
  readonly id: string;
  readonly job: string;
  readonly task: string;
  readonly isolation: Place["isolation"];
  /** Its number among the containers of its job: Nomad stops the highest first. */
  readonly number: number;
  /** The evaluation that placed it. */
  readonly evaluation: string;
  /** When it was placed, in milliseconds since 1970, by the clock of Nomad's servers. */
  readonly created: number;
  /** Whether its task runs and nobody has told it to stop. */
  readonly isRunning: boolean;
  /** Whether all its checks in Consul pass. */
  readonly isHealthy: boolean;
  /** Since it was seen first, in milliseconds, with the lead that others of the pool, made later, had on it then. */
  readonly age: number;
}

/** What a {@link ContainerView} is made of. */
export interface ViewOptions {
  readonly nomad: NomadClient;
  /** Whose checks are asked. Default: none is, and what runs is healthy. */
  readonly consul?: ConsulClient;
  readonly pool: string;
  readonly clock: Clock;
  /** From 0 to 1: managers that lost a server do not all come back to it at once. */
  readonly random: () => number;
  readonly onChange: () => void;
  readonly onTrouble: (message: string) => void;
}

/** How long one question waits for a change, in seconds. */
const WAIT = 30;
/** The pause after a question that was not answered, and between two looks at the pool's jobs, in milliseconds. */
const PAUSE = 500;
const JOBS_INTERVAL = 1000;
/** How long a server may be without an answer before what it said counts as unknown, in milliseconds. */
const STALE = 5000;
/** The id of a service that Nomad registers has its allocation's id in it. */
const ALLOCATION = /^_nomad-(?:task|group)-([0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12})-/;

/** Something that is asked again and again: since when it has not been answered; undefined where it has. */
interface Source {
  failing: number | undefined;
  /** Whether what it said before is not believed, so that it is asked anew. */
  isDoubted?: boolean;
}

/** A generation whose allocations are followed. */
interface Watched {
  readonly stop: AbortController;
  readonly first: Promise<void>;
}

/**
 * The containers of a pool as Nomad and Consul have them, a moment old: one blocking query for each generation of its job and one for its
 * checks, whose answers replace what was known; and a look at the jobs once a second.
 */
export class ContainerView {
  readonly #stop = new AbortController();
  readonly #watched = new Map<string, Watched>();
  /** Of each generation whether its allocations are known. */
  readonly #places = new Map<string, Source>();
  readonly #reads: Attempts;
  readonly #followed: Attempts;
  /** The pool's jobs as they were read last: one that has not changed since is not read again. */
  #read: ReadonlyMap<string, JobJson> = new Map();
  readonly #allocations = new Map<string, readonly AllocationStub[]>();
  readonly #seen = new Map<string, { readonly at: number; readonly lead: number }>();
  readonly #jobs: Source = { failing: undefined };
  readonly #checks: Source = { failing: undefined };
  #generations: readonly Generation[] = [];
  #healthy: ReadonlySet<string> = new Set();
  #containers: readonly Container[] | undefined;
  #looking: Promise<unknown> | undefined;
  /** When the jobs were asked for that are not known yet. */
  #asked: number | undefined;
  #followsChecks = false;
  #followsJobs = false;

  constructor(private readonly options: ViewOptions) {
    setMaxListeners(0, this.#stop.signal);
    const { pool, onTrouble } = options;
    const words = (job: string, message: string) =>
      `the job ${job} of ${pool} cannot be seen: ${message}; trying again`;
    this.#reads = new Attempts(onTrouble, words);
    this.#followed = new Attempts(onTrouble, words);
  }

  /**
   * Waits for the first view, and follows what is seen from then on. It may be called again where it, or what comes after it, has failed.
   *
   * @throws what the servers say, where they do not answer or refuse
   */
  async start(): Promise<void> {
    const { consul, pool } = this.options;
    await this.look();
    if (consul && !this.#followsChecks) {
      const { value, index } = await consul.watchInstances(pool, { seconds: 1, signal: this.#stop.signal });
      this.takeChecks(value);
      this.#followsChecks = true;
      void this.followChecks(consul, index);
    }
    if (this.#followsJobs) return;
    this.#followsJobs = true;
    void this.followJobs();
  }

  stop(): void {
    this.#stop.abort();
  }

  /** Whether all of it is known: no server has been without an answer for long. */
  get isUpToDate(): boolean {
    return this.#generations.every(({ job }) => this.knows(job));
  }

  /** Whether that is so of one generation: what is wrong with another one takes nothing from it. */
  knows(job: string): boolean {
    const now = this.options.clock.now();
    if (this.#places.get(job)?.isDoubted) return false;
    const failing = [this.#jobs, this.#checks, this.#places.get(job)].map((source) => source?.failing);
    return [...failing, this.#asked].every((since) => since === undefined || now - since < STALE);
  }

  /** The generations of the pool, as of the last look. */
  get generations(): readonly Generation[] {
    return this.#generations;
  }

  /** Every container that is not over. */
  get containers(): readonly Container[] {
    this.#containers ??= this.compute();
    const now = this.options.clock.now();
    return this.#containers.map((container) => ({ ...container, age: now - container.age }));
  }

  /** One of them, by its id. */
  find(id: string): Container | undefined {
    this.#containers ??= this.compute();
    const found = this.#containers.find((container) => container.id === id);
    return found && { ...found, age: this.options.clock.now() - found.age };
  }

  /**
   * Asks anew which containers there are. What was known of them is not believed until that is answered: some may have ended, and whoever had leased them
   * has forgotten them.
   */
  async refresh(): Promise<void> {
    for (const [id, { stop }] of this.#watched) {
      stop.abort();
      this.#watched.delete(id);
      const place = this.#places.get(id);
      if (place) place.isDoubted = true;
    }
    await this.look();
  }

  /** Looks at the pool's jobs now. */
  async look(): Promise<void> {
    // A question that nobody answers fails only after a while: what is known is old from the moment that it was asked.
    this.#asked ??= this.options.clock.now();
    this.#looking ??= this.lookOnce()
      .then(() => (this.#asked = undefined))
      .finally(() => (this.#looking = undefined));
    await this.#looking;
  }

  private async lookOnce(): Promise<void> {
    const { nomad, pool } = this.options;
    const before = JSON.stringify(this.#generations);
    const unread = new Set<string>();
    const jobs = await jobsOfPool(nomad, pool, {
      known: this.#read,
      onUnread: (job, error) => {
        unread.add(job);
        this.#reads.failed(job, error);
      },
    });
    this.#reads.keep(unread);
    this.#read = new Map(jobs.map((job) => [job.ID, job]));
    this.#generations = jobs.flatMap((job) => generationFrom(job, pool) ?? []);
    const ids = new Set(this.#generations.map(({ job }) => job));
    for (const [id, { stop }] of this.#watched) {
      if (ids.has(id)) continue;
      stop.abort();
      for (const map of [this.#watched, this.#places, this.#allocations]) map.delete(id);
    }
    this.#followed.keep(ids);
    const failed = await Promise.all(
      [...ids].map((id) => this.#followed.of(id, () => this.follow(id), this.#stop.signal)),
    );
    if (JSON.stringify(this.#generations) !== before) this.changed();
    const [first] = failed;
    // Whatever is wrong with some, the others are seen; of none nothing is known.
    if (first && failed.every((each) => each !== undefined)) throw first.error;
  }

  /** Follows the allocations of a generation, if nobody does. @returns once they are known */
  private async follow(id: string): Promise<void> {
    const watched = this.#watched.get(id);
    if (watched) return watched.first;
    const stop = new AbortController();
    const place: Source = this.#places.get(id) ?? { failing: undefined };
    this.#places.set(id, place);
    const first = this.watch(id, place, AbortSignal.any([stop.signal, this.#stop.signal])).catch((error: unknown) => {
      // It was given up for one that begins anew, whose answer is what was asked for.
      const isWanted = this.#generations.some(({ job }) => job === id);
      if (stop.signal.aborted && isWanted && !this.#stop.signal.aborted) return this.follow(id);
      if (this.#watched.get(id)?.stop === stop) {
        place.failing ??= this.options.clock.now();
        this.#watched.delete(id);
      }
      throw error;
    });
    this.#watched.set(id, { stop, first });
    return first;
  }

  private changed(): void {
    this.#containers = undefined;
    this.options.onChange();
  }

  /** Follows the allocations of a job. @returns once they are known */
  private async watch(job: string, place: Source, signal: AbortSignal): Promise<void> {
    const { nomad } = this.options;
    const { value, index } = await nomad.watchAllocations(job, { seconds: 1, signal });
    signal.throwIfAborted();
    place.failing = undefined;
    place.isDoubted = false;
    this.takeAllocations(job, value);
    void this.repeat(place, signal, index, async (after) => {
      const answer = await nomad.watchAllocations(job, { index: after, seconds: WAIT, signal });
      if (!signal.aborted) this.takeAllocations(job, answer.value);
      return answer.index;
    });
  }

  private async followChecks(consul: ConsulClient, first: number): Promise<void> {
    const { signal } = this.#stop;
    await this.repeat(this.#checks, signal, first, async (after) => {
      const answer = await consul.watchInstances(this.options.pool, { index: after, seconds: WAIT, signal });
      this.takeChecks(answer.value);
      return answer.index;
    });
  }

  private async followJobs(): Promise<void> {
    const { signal } = this.#stop;
    await this.repeat(this.#jobs, signal, 0, async () => {
      await pause(this.options.clock, JOBS_INTERVAL, signal);
      signal.throwIfAborted();
      await this.look();
      return 0;
    });
  }

  /** Asks again and again; what is not answered is asked anew after a pause, from the beginning, since a server that restarts may count anew. */
  private async repeat(
    source: Source,
    signal: AbortSignal,
    first: number,
    ask: (after: number | undefined) => Promise<number>,
  ): Promise<void> {
    for (let after: number | undefined = first; !signal.aborted;) {
      try {
        const index: number = await ask(after);
        after = after !== undefined && index < after ? undefined : index;
        source.failing = undefined;
      } catch (error) {
        if (signal.aborted || isClosed(error)) return;
        if (source.failing === undefined)
          this.options.onTrouble(`the pool ${this.options.pool} cannot be seen: ${messageOf(error)}; trying again`);
        source.failing ??= this.options.clock.now();
        after = undefined;
        await pause(this.options.clock, PAUSE * (0.5 + this.options.random()), signal);
      }
    }
  }

  private takeAllocations(job: string, allocations: readonly AllocationStub[]): void {
    const live = allocations.filter(isLive);
    this.#allocations.set(job, live);
    const now = this.options.clock.now();
    // Both times are those of Nomad's servers: no clock of theirs is held against ours.
    const newest = Math.max(0, ...allocations.map(({ CreateTime }) => CreateTime));
    for (const { ID, CreateTime } of live)
      if (!this.#seen.has(ID)) this.#seen.set(ID, { at: now, lead: millisecondsOf(newest - CreateTime) });
    this.changed();
  }

  private takeChecks(instances: readonly ServiceInstance[]): void {
    this.#healthy = new Set(
      instances.flatMap(({ Service, Checks }) => {
        const id = ALLOCATION.exec(Service.ID)?.[1];
        return id !== undefined && Checks.every(({ Status }) => Status === "passing") ? [id] : [];
      }),
    );
    this.changed();
  }

  /** With the moment since which each counts as its age. */
  private compute(): readonly Container[] {
    const all = this.#generations.flatMap(({ job, task, isolation }) =>
      (this.#allocations.get(job) ?? []).map((allocation) => {
        const { at, lead } = this.#seen.get(allocation.ID) ?? { at: this.options.clock.now(), lead: 0 };
        return {
          id: allocation.ID,
          job,
          task,
          isolation,
          number: numberInName(allocation.Name) ?? 0,
          evaluation: allocation.EvalID,
          created: millisecondsOf(allocation.CreateTime),
          isRunning: runs(allocation, task),
          isHealthy: this.options.consul === undefined || this.#healthy.has(allocation.ID),
          age: at - lead,
        };
      }),
    );
    const ids = new Set(all.map(({ id }) => id));
    for (const id of this.#seen.keys()) if (!ids.has(id)) this.#seen.delete(id);
    return all;
  }
}

function runs({ DesiredStatus, ClientStatus, TaskStates }: AllocationStub, task: string): boolean {
  return DesiredStatus === "run" && ClientStatus === "running" && TaskStates[task]?.State === "running";
}
