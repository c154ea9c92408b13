import { UserError, type Problem } from "../../jobspec";
import type { NomadClient } from "../../nomad";
import type { Planned } from "../plan";
import { recordedJob, type Owners } from "./owners";
import { foreignJobs, isOwn } from "./strays";
import { whyOwn } from "./unrecorded";

/** What judging existing jobs takes. */
export interface AdoptionOptions {
  readonly nomad: NomadClient;
  readonly owners: Owners;
  readonly project: string;
  /** Whether existing jobs are taken over, whosever they are. */
  readonly adopt: boolean;
  /** Told of what is taken over. */
  readonly onTaken: (text: string) => void;
}

/**
 * Refuses to change jobs that the stack did not bring: those of another stack, and those of which no record tells. One that is as the program says, and
 * one that is stopped, is taken over.
 *
 * @throws UserError with every job that is somebody else's
 */
export async function refuseOthersJobs(
  planned: readonly Pick<Planned, "plan" | "job">[],
  { nomad, owners, project, adopt, onTaken }: AdoptionOptions,
): Promise<void> {
  // Of what the stack brought nothing is known: a job may be its own, unless another stack's record has it.
  const isUnknown = owners.own.kind === "unreadable" && owners.own.elsewhere !== true;
  const problems: Problem[] = [];
  for (const { plan, job } of planned) {
    if (plan.change === "create" || isOwn(recordedJob(job), owners)) continue;
    const wanted = [{ kind: "job" as const, path: plan.path, job, after: [] }];
    const [foreign] = foreignJobs({ wanted }, owners, project);
    if (isUnknown && !foreign) continue;
    const whose = foreign
      ? `is a job of ${foreign.owner}`
      : "was not brought by this stack, as far as any record tells";
    if (adopt) onTaken(`${job.ID} ${whose}, and is taken over`);
    else {
      const own = foreign ? undefined : await whyOwn({ plan, job }, nomad);
      if (own !== undefined) {
        const how = own === "same" ? "as the program says" : "stopped";
        onTaken(`${job.ID} is there already, ${how}, and is this stack's from now on`);
        continue;
      }
      const message = `${job.ID} ${whose}, and another one is there under that id; give it another id, or take that one over with --adopt`;
      problems.push({ rule: "job/others", path: plan.path, message, severity: "error" });
    }
  }
  if (problems.length > 0) throw new UserError(problems);
}
