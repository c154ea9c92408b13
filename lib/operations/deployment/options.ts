import type { ConsulClient, NomadClient } from "../../nomad";
import type { Masking } from "../../masking";
import type { DeploymentView } from "./deployment-view";

/** What every operation on the jobs of a stack takes. */
export interface OperationOptions {
  readonly nomad: NomadClient;
  readonly consul: ConsulClient;
  /** What the run hides. */
  readonly masking: Masking;
  /** Called with what is being done, before it is done. */
  readonly onStep: (text: string) => void;
  /** Called whenever a deployment changed. */
  readonly onChange: (view: DeploymentView) => void;
  /** Called with what is going on where the cluster does not answer as usual. */
  readonly onTrouble?: (text: string) => void;
  readonly signal?: AbortSignal;
  /** Whether nobody waits for the deployments. Default: false. */
  readonly detach?: boolean;
  /** When to give up waiting, by the clock of performance.now(), in milliseconds. Default: never. */
  readonly until?: number;
  /** Whether batch jobs are waited for until they end. Default: true. */
  readonly waitForBatch?: boolean;
}

/** What everything takes that is done with one job of a stack, or with all of them. */
export interface JobOptions extends OperationOptions {
  /** The id of the one job that is meant. Default: see each function. */
  readonly job?: string;
}
