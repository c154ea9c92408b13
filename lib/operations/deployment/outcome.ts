import type { JobJson } from "../../nomad";
import type { DeploymentView } from "./deployment-view";
import type { TaskDiagnosis } from "./diagnosis";
import type { Reason } from "./reason";

/** How a deployment ended. */
export interface Outcome {
  /**
   * `healthy`: all runs as it shall; `complete`: a batch job ended well; `unchanged`: nothing was to do, and all is well; `registered`:
   * there is nothing to wait for, as of jobs that are dispatched; `timed-out`: it took too long and goes on; `detached`: nobody waited;
   * `skipped`: a job that must run before it did not get healthy, so nothing was done with it.
   */
  readonly result:
    | "healthy"
    | "complete"
    | "unchanged"
    | "registered"
    | "failed"
    | "waiting-for-promotion"
    | "timed-out"
    | "detached"
    | "skipped";
  readonly view: DeploymentView;
  /** Why it failed, or what it waits for; empty where all is well. */
  readonly reasons: readonly Reason[];
  /** What is known of tasks that failed. */
  readonly diagnoses: readonly TaskDiagnosis[];
  /** Whether what runs was restarted, signalled, or ran its script, since its templates read something that the deployment changed in Consul. */
  readonly rendered?: true;
  /** Whether nothing was registered or tried again: the job was found like this. */
  readonly untouched?: true;
}

/** A job of a stack with how its deployment ended. */
export interface JobOutcome extends Outcome {
  /** Its path in the program. */
  readonly path: string;
  readonly job: JobJson;
}
