import { UserError } from "../../errors";
import { whereOf } from "../../nomad";
import { asUserError } from "../plan";
import type { StackObject } from "../stack";
import { newestDeployments } from "./job-deployments";
import type { JobOptions } from "./options";
import { nameOf, selectOwnJobs } from "./stack-jobs";
import { splitRequests, splitServices } from "./traffic";
import { isGoingOn } from "./watch-each";

/** What became of a deployment that was failed. */
export interface Failed {
  readonly job: string;
  readonly region: string | undefined;
  readonly deployment: string;
  /** The version that Nomad goes back to; undefined where the job has no auto_revert. */
  readonly revertedTo: number | undefined;
}

/**
 * Ends the deployment of a stack that goes on as failed.
 *
 * @throws UserError where none goes on, or several do and none is named
 */
export async function failDeployment(objects: readonly StackObject[], options: JobOptions): Promise<readonly Failed[]> {
  const found = (await newestDeployments(selectOwnJobs(objects, options.job), options.nomad, options)).filter(
    isGoingOn,
  );
  const ids = [...new Set(found.map(({ job }) => job.ID))];
  if (ids.length !== 1) {
    const message =
      ids.length === 0
        ? "no deployment goes on; cdk-nomad status ENV says how its jobs do"
        : `several deployments go on; name one with --job: ${ids.join(", ")}`;
    throw UserError.at(options.job ?? "", message, "fail/which");
  }
  return Promise.all(
    found.map(async (item) => {
      await splitRequests(splitServices(item.job, objects), 0, options);
      options.onStep(`failing the deployment of ${nameOf(item.job)}`);
      const said = await asUserError(item.stackJob.path, () => options.nomad.where(item.job).fail(item.deployment.ID));
      const { region } = whereOf(item.job);
      const revertedTo = said.RevertedJobVersion ?? undefined;
      return { job: item.job.ID, region, deployment: item.deployment.ID, revertedTo };
    }),
  );
}
