import { countIn } from "../../jobspec/host";
import { isConflict, stopAndPurge, type JobJson, type NomadClient } from "../../nomad";
import {
  Attempts,
  choosing,
  currentOf,
  isLive,
  nextToGo,
  sizeIn,
  type Agreement,
  type Duty,
  type PoolRecord,
} from "../generations";
import type { PoolJob } from "../jobs";
import { pause, type Clock, type LeaseBook } from "../leases";
import { Forecast } from "./forecast";
import type { Generation } from "./generations";
import type { Container, ContainerView } from "./view";

/** What {@link Maintenance} works with. */
export interface MaintenanceParts {
  readonly nomad: NomadClient;
  readonly view: ContainerView;
  readonly book: LeaseBook;
  readonly agreement: Agreement;
  readonly duty: Duty;
  readonly clock: Clock;
  readonly pool: string;
  readonly job?: PoolJob;
  readonly min?: number;
  readonly max?: number;
  readonly maxAge: number;
  readonly healthyWithin: number;
  readonly isReady: (container: Container) => boolean;
  /** Told of what went wrong and is tried again. */
  readonly onTrouble: (message: string) => void;
}

/** Containers that are replaced for their age in one round, as a part of the pool, so that it is never empty for that. */
const AT_A_TIME = 0.25;
/** Containers that the pool shrinks by in one round. */
const STEPS = 20;
/** How long a container that is claimed for its end may take until it is told to stop, in milliseconds. */
const TOLD = 3000;
const INTERVAL = 30;

/**
 * Keeps a pool as it shall be: the right job, the right size, nothing old or unhealthy in it, and old generations on their way out. One manager
 * at a time does it for all. It ends no container that somebody leases: each is claimed for its end first.
 */
export class Maintenance {
  readonly #parts: MaintenanceParts;
  readonly #retirements: Attempts;
  /** Since when each container that runs is not ready. */
  #ill: ReadonlyMap<string, number> = new Map();
  #forecast: { readonly job: string; readonly forecast: Forecast } | undefined;

  constructor(parts: MaintenanceParts) {
    this.#parts = parts;
    this.#retirements = new Attempts(
      parts.onTrouble,
      (job, message) => `the old job ${job} is not taken away yet: ${message}`,
    );
  }

  /** The generation that gives out containers. */
  get current(): Generation | undefined {
    return currentOf(this.#parts.view.generations, this.#parts.agreement.record.choice);
  }

  /** Whether a container is to be replaced once nobody leases it. */
  isWorn(container: string): boolean {
    return this.#parts.agreement.record.worn?.includes(container) === true;
  }

  /** How many containers a generation shall have. */
  targetOf(generation: Generation): number {
    const current = this.current;
    if (generation.job !== current?.job || this.#parts.agreement.record.draining) return 0;
    if (this.#parts.agreement.record.size?.job === generation.job) return this.#parts.agreement.record.size.containers;
    return this.forecastOf(generation).size;
  }

  /** Registers the pool's job where it is not there, and makes it the one that gives out containers. @param signal gives it up */
  async install(signal: AbortSignal): Promise<void> {
    const { nomad, view, job } = this.#parts;
    if (!job) return;
    if (!view.generations.some((generation) => generation.job === job.id)) await this.register(job);
    await view.look();
    await this.#parts.agreement.change((now) => choosing(job.id, view.generations, now), signal);
    // Another manager may have taken it away as an old generation just then.
    if ((await nomad.job(job.id)) === undefined) await this.register(job);
  }

  /** Does what there is to do, if it is this manager's turn. */
  async round(signal: AbortSignal): Promise<void> {
    const { view, duty, job } = this.#parts;
    await this.#parts.agreement.learn(signal);
    this.observe();
    this.examine();
    await this.forgetGone(signal);
    if (!(await duty.turn(signal))) return;
    await view.look();
    const { current } = this;
    if (!current) {
      if (job && !this.#parts.agreement.record.draining) await this.register(job);
      return;
    }
    const old = view.generations.filter(({ job: id }) => id !== current.job);
    await this.rememberSizes(current, signal);
    for (const generation of old) {
      if (signal.aborted || !duty.held) return;
      // Whatever is wrong with one of them, the others go on.
      await this.#retirements.of(generation.job, () => this.retire(generation, signal), signal);
    }
    this.#retirements.keep(old.map(({ job: id }) => id));
    if (signal.aborted || !duty.held) return;
    await this.resize(current, this.targetOf(current), signal);
    await this.replace(current, signal);
  }

  private async register(job: PoolJob): Promise<void> {
    const { nomad } = this.#parts;
    const held = await nomad.job(job.id);
    try {
      await nomad.register(job.toApi().Job as JobJson, Number(held?.JobModifyIndex ?? 0));
    } catch (error) {
      // Another manager was faster, and the job is the same.
      if (!isConflict(error)) throw error;
    }
  }

  /** What the size follows. */
  private forecastOf(generation: Generation): Forecast {
    const { job, min, max, clock } = this.#parts;
    if (this.#forecast?.job !== generation.job) {
      const had = sizeIn(this.#parts.agreement.record, generation.job) ?? generation.count;
      const usual = job?.id === generation.job ? (job.groups?.[0]?.count ?? had) : had;
      const forecast = new Forecast({ min: min ?? usual, max: max ?? Math.max(usual, min ?? 0) });
      forecast.begin(generation.count, clock.now());
      this.#forecast = { job: generation.job, forecast };
    }
    return this.#forecast.forecast;
  }

  private observe(): void {
    const { book, clock } = this.#parts;
    const { current } = this;
    if (!current) return;
    const leased = book.taken().filter(({ state }) => state === "held").length;
    this.forecastOf(current).observe(leased + book.waiting, clock.now());
  }

  /**
   * What old generations have now is what they have again, should they come back before they are gone. That is forgotten of those that are gone, and
   * of the one that has so many: its job says it then.
   */
  private async rememberSizes(current: Generation, signal: AbortSignal): Promise<void> {
    const { agreement, view } = this.#parts;
    const { generations } = view;
    const isKept = (now: PoolRecord, job: string, containers: number) => {
      const generation = generations.find((one) => one.job === job);
      const isSaid = job === current.job && !now.draining && (generation?.count ?? 0) >= containers;
      return generation !== undefined && !isSaid;
    };
    const change = (now: PoolRecord): PoolRecord => {
      const { sizes = [] } = now;
      const kept = sizes.filter(({ job, containers }) => isKept(now, job, containers));
      const fresh = generations
        .filter(({ job }) => job !== current.job && sizeIn(now, job) === undefined)
        .map(({ job, count }) => ({ job, containers: count }));
      return fresh.length === 0 && kept.length === sizes.length ? now : { ...now, sizes: [...kept, ...fresh] };
    };
    if (change(agreement.record) !== agreement.record) await agreement.change(change, signal);
  }

  /** An old generation shrinks as its leases end, and is taken away with the last. */
  private async retire(generation: Generation, signal: AbortSignal): Promise<void> {
    const { nomad } = this.#parts;
    await this.resize(generation, 0, signal);
    const job = await nomad.job(generation.job);
    if (!job || (job.TaskGroups ?? []).some((each) => countIn(each) !== 0)) return;
    if ((await nomad.allocations(generation.job)).some(isLive)) return;
    if (this.current?.job === generation.job) return;
    await stopAndPurge(nomad, generation.job, { signal });
    await this.#parts.view.look();
  }

  private async resize(generation: Generation, target: number, signal: AbortSignal): Promise<void> {
    const { nomad, pool } = this.#parts;
    const { job, group, count, modified: index } = generation;
    if (count < target) {
      // Computed from the count that the job has at this index; where it has another by now, the next round sees it.
      await nomad.scale(job, group, target, { index, message: `${pool} becomes larger` });
      return;
    }
    if (count > target && !(await nomad.allocations(job)).some(isLive)) {
      // No node takes them, or none of them starts: there is nothing that could be leased, and nothing that Nomad would stop.
      await nomad.scale(job, group, target, { index, message: `${pool} becomes smaller` });
      return;
    }
    for (let steps = 0; steps < STEPS && !signal.aborted; steps += 1)
      if (!(await this.shrink(generation.job, target))) return;
  }

  /** Makes a generation smaller by the container that Nomad would stop, if nobody leases that. @returns whether it did */
  private async shrink(id: string, target: number): Promise<boolean> {
    const { nomad, book, view, duty, clock } = this.#parts;
    await view.look();
    const now = view.generations.find(({ job }) => job === id);
    if (!now || now.count <= target || !duty.held) return false;
    const next = nextToGo(await nomad.allocations(id), now.count);
    if (next === undefined || !(await book.retire(next))) return false;
    // The next one is known once this one is told to stop.
    for (const until = clock.now() + TOLD; clock.now() < until; await pause(clock, INTERVAL))
      if ((await nomad.allocation(next))?.DesiredStatus !== "run") return true;
    return false;
  }

  /** Replaces what is too old, does not become healthy, or was told to be replaced. Whatever of it somebody leases is left alone. */
  private async replace(current: Generation, signal: AbortSignal): Promise<void> {
    const { view, book, maxAge } = this.#parts;
    const taken = new Set(book.taken().map(({ slot }) => slot));
    const own = view.containers.filter(({ job, id }) => job === current.job && !taken.has(id));
    const ill = own.filter((container) => this.isIll(container));
    const old = own.filter(({ age }) => age > maxAge).sort((a, b) => b.age - a.age);
    const some = old.slice(0, Math.max(1, Math.floor(current.count * AT_A_TIME)));
    const worn = own.filter(({ id }) => this.isWorn(id));
    await Promise.all([...ill, ...some, ...worn].map(({ id }) => book.retire(id)));
    if (this.#parts.agreement.record.worn && !view.containers.some(({ id }) => this.isWorn(id)))
      await this.forgetWorn(this.#parts.agreement.record.worn, signal);
  }

  /** Remembers since when containers are not ready; what is not known just now is no illness of theirs. */
  private examine(): void {
    const { view, clock, isReady } = this.#parts;
    const now = clock.now();
    const unready = view.isUpToDate ? view.containers.filter((one) => one.isRunning && !isReady(one)) : [];
    this.#ill = new Map(unready.map(({ id }) => [id, this.#ill.get(id) ?? now]));
  }

  private isIll({ id }: Container): boolean {
    const since = this.#ill.get(id);
    return since !== undefined && this.#parts.clock.now() - since > this.#parts.healthyWithin;
  }

  /** All of them have ended. */
  private async forgetWorn(ended: readonly string[], signal: AbortSignal): Promise<void> {
    await this.#parts.agreement.change((now) => {
      const { worn, ...others } = now;
      return worn?.every((id) => ended.includes(id)) ? others : now;
    }, signal);
  }

  /** Ends leases whose containers have ended by themselves. */
  private async forgetGone(signal: AbortSignal): Promise<void> {
    const { nomad, view, book } = this.#parts;
    if (!view.isUpToDate) return;
    const live = new Set(view.containers.map(({ id }) => id));
    for (const { slot, state } of book.taken()) {
      if (state !== "held" || live.has(slot) || signal.aborted) continue;
      const allocation = await nomad.allocation(slot);
      if (!allocation || !isLive(allocation)) await book.retire(slot, { gone: true });
    }
  }
}
