import { setMaxListeners } from "node:events";
import { ApiError, messageOf, type NomadClient } from "../../nomad";
import type { Executor } from "../execution";
import { isLive, nextToGo } from "../generations";
import { pause, type Clock } from "../leases";
import { generationFrom, type Generation } from "./generations";

/** Between two looks at an allocation that ends, in milliseconds. */
const INTERVAL = 50;
/**
 * After how long an allocation that was not told to stop is stopped again, in milliseconds: a scaling of its job at the same moment makes Nomad
 * 1.11 forget the request, as it writes the allocation anew as it was before.
 */
const ASK_AGAIN = 1500;
/** How long a container may take to end what commands left in it, in milliseconds; it is stopped then all the same. */
const EMPTIED = 3000;
/** How long a scaling may take until the scheduler has told the allocation to stop, in milliseconds. */
const SCALED = 2000;

/** What {@link Endings} work with. */
export interface EndingsParts {
  readonly nomad: NomadClient;
  readonly executor: Executor;
  readonly clock: Clock;
  readonly pool: string;
  /** Whether a generation has a container too many. */
  readonly isTooLarge: (generation: Generation) => boolean;
  /** Told of what went wrong. */
  readonly onTrouble: (message: string) => void;
}

/**
 * How containers end. A container is stopped, and Nomad starts another in its place; or the pool becomes smaller by just this one, where it is the
 * one that Nomad would stop for that.
 */
export class Endings {
  constructor(private readonly parts: EndingsParts) {}

  /** Ends a container that nobody leases any more. @returns once its allocation is over, and so whatever ran in it */
  async end(container: string, signal: AbortSignal): Promise<"gone"> {
    // Many containers end by one signal, and that is no leak.
    setMaxListeners(0, signal);
    const { nomad, clock } = this.parts;
    const allocation = await nomad.allocation(container);
    if (!allocation || !isLive(allocation)) return "gone";
    if (allocation.ClientStatus === "running") await this.empty(allocation.JobID, container, signal);
    if (allocation.DesiredStatus === "run" && !(await this.leave(allocation.JobID, container, signal)))
      await this.stop(container);
    for (let asked = clock.now(); ;) {
      const now = await nomad.allocation(container);
      if (!now || !isLive(now)) return "gone";
      if (now.DesiredStatus === "run" && clock.now() - asked > ASK_AGAIN) {
        await this.stop(container);
        asked = clock.now();
      }
      await pause(clock, INTERVAL, signal);
      signal.throwIfAborted();
    }
  }

  /**
   * Ends what commands left in a container that keeps nothing apart. Its end alone ends none of it that a manager which died did not end either, be it
   * in a namespace or not: what Nomad runs by exec is no child of the task.
   */
  private async empty(job: string, container: string, signal: AbortSignal): Promise<void> {
    const { nomad, executor, pool, onTrouble } = this.parts;
    const generation = generationFrom(await nomad.job(job), pool);
    if (generation?.isolation !== "none") return;
    const place = { allocation: container, task: generation.task, isolation: generation.isolation };
    try {
      await executor.wipe(place, { signal: AbortSignal.any([signal, AbortSignal.timeout(EMPTIED)]) });
    } catch (error) {
      signal.throwIfAborted();
      onTrouble(`what commands left in ${container} of ${pool} may run on: ${messageOf(error)}`);
    }
  }

  /** Makes the pool smaller by this container, if it is too large and Nomad would stop this one. @returns whether it is told to stop */
  private async leave(job: string, container: string, signal: AbortSignal): Promise<boolean> {
    const { nomad, clock, pool, isTooLarge } = this.parts;
    const generation = generationFrom(await nomad.job(job), pool);
    if (!generation || generation.count === 0 || !isTooLarge(generation)) return false;
    if (nextToGo(await nomad.allocations(job), generation.count) !== container) return false;
    const message = `${pool} becomes smaller`;
    const { group, count, modified: index } = generation;
    // Somebody else's scaling meanwhile would make another the next to go.
    if ((await nomad.scale(job, group, count - 1, { index, message })) === undefined) return false;
    for (const until = clock.now() + SCALED; clock.now() < until; await pause(clock, INTERVAL, signal)) {
      signal.throwIfAborted();
      if ((await nomad.allocation(container))?.DesiredStatus !== "run") return true;
    }
    return false;
  }

  private async stop(container: string): Promise<void> {
    try {
      await this.parts.nomad.stopAllocation(container);
    } catch (error) {
      // It was forgotten meanwhile.
      if (!(error instanceof ApiError && error.status === 404)) throw error;
    }
  }
}
