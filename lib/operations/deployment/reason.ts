/** Why a job is not as it shall be, or what it waits for. */
export interface Reason {
  /**
   * `placement`: allocations find no node; `preempted`: Nomad stopped some to make room for a job of higher priority; `task`: a task failed or cannot be started; `dependency`: a template waits for what it reads;
   * `restarted`: a task ended by itself a moment ago and was started again; `artifact`: something is still downloaded; `check`: a health check does not pass; `health`: it runs, and not for long enough yet;
   * `count`: fewer run than shall; `version`: an older version runs; `deployment`: what Nomad says of the deployment; `evaluation`: the scheduler has not decided yet;
   * `child`: what was dispatched or launched by the clock failed; `stopped`: somebody stopped it; `order`: a job before it did not get healthy;
   * `overwritten`: its registration took back what somebody else had changed in the same moment; `unknown`: it could not be found out.
   */
  readonly kind:
    | "placement"
    | "preempted"
    | "task"
    | "restarted"
    | "dependency"
    | "artifact"
    | "check"
    | "health"
    | "count"
    | "version"
    | "deployment"
    | "evaluation"
    | "child"
    | "stopped"
    | "order"
    | "overwritten"
    | "unknown";
  readonly group?: string;
  readonly task?: string;
  /** The allocation, or one of those to which the same happened. */
  readonly allocation?: string;
  /** A whole sentence, never cut. */
  readonly message: string;
}
