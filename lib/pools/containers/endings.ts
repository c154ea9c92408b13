import { setMaxListeners } from "node:events";
import { setTimeout as sleep } from "node:timers/promises";
import { ApiError, type NomadClient } from "../../nomad";
import { generationFrom, type Generation } from "./generations";
import { isLive, nextToGo } from "./allocations";

/** Between two looks at an allocation that ends, in milliseconds. */
const INTERVAL = 50;
/**
 * After how long an allocation that was not told to stop is stopped again, in milliseconds: a scaling of its job at the same moment makes Nomad
 * 1.11 forget the request, as it writes the allocation anew as it was before.
 */
const ASK_AGAIN = 1500;
/** How long a scaling may take until the scheduler has told the allocation to stop, in milliseconds. */
const SCALED = 2000;

/**
 * How containers end. A container is stopped, and Nomad starts another in its place; or the pool becomes smaller by just this one, where it is the
 * one that Nomad would stop for that.
 */
export class Endings {
  constructor(
    private readonly nomad: NomadClient,
    private readonly pool: string,
    /** Whether a generation has a container too many. */
    private readonly isTooLarge: (generation: Generation) => boolean,
  ) {}

  /** Ends a container that nobody leases any more. @returns once its allocation is over, and so whatever ran in it */
  async end(container: string, signal: AbortSignal): Promise<"gone"> {
    // Many containers end by one signal, and that is no leak.
    setMaxListeners(0, signal);
    const allocation = await this.nomad.allocation(container);
    if (!allocation || !isLive(allocation)) return "gone";
    if (allocation.DesiredStatus === "run" && !(await this.leave(allocation.JobID, container, signal)))
      await this.stop(container);
    for (let asked = performance.now(); ;) {
      const now = await this.nomad.allocation(container);
      if (!now || !isLive(now)) return "gone";
      if (now.DesiredStatus === "run" && performance.now() - asked > ASK_AGAIN) {
        await this.stop(container);
        asked = performance.now();
      }
      await sleep(INTERVAL, undefined, { signal });
    }
  }

  /** Makes the pool smaller by this container, if it is too large and Nomad would stop this one. @returns whether it is told to stop */
  private async leave(job: string, container: string, signal: AbortSignal): Promise<boolean> {
    const generation = generationFrom(await this.nomad.job(job), this.pool);
    if (!generation || generation.count === 0 || !this.isTooLarge(generation)) return false;
    if (nextToGo(await this.nomad.allocations(job), generation.count) !== container) return false;
    const message = `${this.pool} becomes smaller`;
    const { group, count, modified: index } = generation;
    // Somebody else's scaling meanwhile would make another the next to go.
    if ((await this.nomad.scale(job, group, count - 1, { index, message })) === undefined) return false;
    for (
      const until = performance.now() + SCALED;
      performance.now() < until;
      await sleep(INTERVAL, undefined, { signal })
    )
      if ((await this.nomad.allocation(container))?.DesiredStatus !== "run") return true;
    return false;
  }

  private async stop(container: string): Promise<void> {
    try {
      await this.nomad.stopAllocation(container);
    } catch (error) {
      // It was forgotten meanwhile.
      if (!(error instanceof ApiError && error.status === 404)) throw error;
    }
  }
}
