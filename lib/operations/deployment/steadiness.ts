import { millisecondsOf, type AllocationStub, type Deployment, type JobJson } from "../../nomad";
import { updatesOf } from "./job-groups";
import { restartsOf } from "./newest-allocations";

/**
 * Since when all of a job runs, of what was registered without a deployment: such as one whose update has `max_parallel = 0`. Nomad itself counts the
 * min_healthy_time of deployments alone, and a task that ends a second after its start was running too.
 */
export class Steadiness {
  readonly #least: number;
  #since: number | undefined;
  #runs = "";

  /** @param begun `EvalID` is empty where nothing was registered */
  constructor(job: JobJson, begun: { readonly EvalID: string }) {
    const times = [...updatesOf(job).values()].map(({ MinHealthyTime }) => millisecondsOf(MinHealthyTime));
    this.#least = begun.EvalID === "" ? 0 : Math.max(0, ...times);
  }

  /** Whether it has run for long enough, at a look that finds all of it running. Milliseconds of a clock that is only compared with itself. */
  holds(
    { deployment, allocations }: { readonly deployment?: Deployment; readonly allocations: readonly AllocationStub[] },
    now: number,
  ): boolean {
    if (deployment) return true;
    const runs = JSON.stringify(
      allocations
        .filter(({ DesiredStatus }) => DesiredStatus === "run")
        .map((allocation) => `${allocation.ID} ${restartsOf(allocation)}`)
        .sort(),
    );
    if (runs !== this.#runs) this.#since = undefined;
    this.#runs = runs;
    this.#since ??= now;
    return now - this.#since >= this.#least;
  }

  /** How long it is until then, in milliseconds. */
  rest(now: number): number {
    return Math.max(0, this.#least - (now - (this.#since ?? now)));
  }
}
