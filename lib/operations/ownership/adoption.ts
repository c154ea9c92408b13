import { type Problem, UserError } from "../../errors";
import type { NomadClient } from "../../nomad";
import type { Planned } from "../plan";
import { recordedJob, type Owners } from "./owners";
import { foreignJobs, isOwn, type ForeignJob } from "./strays";
import { whyOwn } from "./unrecorded";
import { shellQuoted } from "../../text";

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
  const foreign = new Map<string, { readonly by: ForeignJob; readonly plans: Planned["plan"][] }>();
  const unrecorded: Planned["plan"][] = [];
  for (const { plan, job } of planned) {
    if (plan.change === "create" || isOwn(recordedJob(job), owners)) continue;
    const objects = [{ kind: "job" as const, path: plan.path, job, after: [] }];
    const [by] = foreignJobs({ objects }, owners, project);
    if (isUnknown && by === undefined) continue;
    if (adopt) onTaken(`${job.ID} ${by === undefined ? UNRECORDED : `is a job of ${by.owner}`}, and is taken over`);
    else if (by !== undefined) foreign.set(by.owner, { by, plans: [...(foreign.get(by.owner)?.plans ?? []), plan] });
    else {
      const own = await whyOwn({ plan, job }, nomad);
      if (own === undefined) unrecorded.push(plan);
      else {
        const how = own === "same" ? "as the program says" : "stopped";
        onTaken(`${job.ID} is there already, ${how}, and is this stack's from now on`);
      }
    }
  }
  const problems = [
    ...[...foreign.values()].map(({ by, plans }) => refusalOfForeign(by, plans)),
    ...refusalOfUnrecorded(unrecorded),
  ];
  if (problems.length > 0) throw new UserError(problems);
}

const UNRECORDED = "was not brought by this stack, as far as any record tells";

/** One line for all jobs of one owner: that a stack was renamed is one thing, and no ten. */
function refusalOfForeign(
  { owner, environment: name, isOfOtherProject }: ForeignJob,
  plans: readonly Planned["plan"][],
): Problem {
  const one = plans.length === 1;
  // The name alone is that of a stack of this project, perhaps the very one that has just taken the jobs over.
  const where = isOfOtherProject ? ", in a folder of that project" : "";
  const renamed = `; where this stack is that one under another name, take ${one ? "it" : "them"} over with --adopt, and then let go of what is left of that one${where}: cdk-nomad destroy ${shellQuoted(name)}`;
  const other = `; else give ${one ? "it another id" : "them other ids"}`;
  return refusal(
    plans,
    `${listed(plans)} ${one ? "is a job" : "are jobs"} of ${owner}, which its record says${renamed}${other}`,
  );
}

function refusalOfUnrecorded(plans: readonly Planned["plan"][]): readonly Problem[] {
  if (plans.length === 0) return [];
  const one = plans.length === 1;
  const message = one
    ? `${listed(plans)} ${UNRECORDED}, and another one is there under that id; give it another id, or take that one over with --adopt`
    : `${listed(plans)} were not brought by this stack, as far as any record tells, and others are there under those ids; give them other ids, or take those over with --adopt`;
  return [refusal(plans, message)];
}

function listed(plans: readonly Planned["plan"][]): string {
  return plans.map(({ job }) => job).join(", ");
}

function refusal([first]: readonly Planned["plan"][], message: string): Problem {
  return { rule: "job/others", path: first ? [first.path.split("/")[0] ?? ""] : [], message, severity: "error" };
}
