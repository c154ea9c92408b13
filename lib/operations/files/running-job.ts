import { UserError } from "../../errors";
import { Job } from "../../jobspec";
import { withoutDefaults } from "../../jobspec/host";
import { ApiError, type JobJson, type NomadClient } from "../../nomad";
import { inSourceOrder, serverParser } from "../hcl";
import { differences } from "./differences";

/** A job of a cluster, as somebody would write it. */
export interface RunningJob {
  readonly job: Job;
  /** The HCL that was submitted, where what runs is what it says. */
  readonly source?: string;
  /** Why it is not what was submitted, where it is not. */
  readonly note?: string;
}

/**
 * Reads a job of a cluster: what was submitted for the version that runs, where that is what runs; else what the server holds, without what it
 * filled in by itself. Submitted HCL is read by the server, which opens no files of this machine.
 *
 * @throws UserError where there is no such job
 */
export async function readRunningJob(id: string, nomad: NomadClient): Promise<RunningJob> {
  const held = await nomad.job(id);
  if (!held) throw UserError.at(id, "is no job of this cluster and namespace; see them with: nomad job status", "job");
  const submission = await nomad.submission(id, Number(held.Version ?? 0));
  const running = (note?: string): RunningJob => ({
    job: Job.fromApi(inSourceOrder(withoutDefaults(held), submission?.Format === "hcl2" ? submission.Source : "")),
    note,
  });
  if (submission?.Format !== "hcl2") return running();
  const { Source: source, VariableFlags, Variables } = submission;
  let submitted: unknown;
  try {
    const variables = { values: VariableFlags ?? {}, kept: Variables };
    submitted = inSourceOrder(await serverParser({ nomad, variables, cwd: "/", lenient: true })(id, source), source);
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    const [first] = error.problems;
    const reason = first?.message.split("\n", 1)[0] ?? "";
    return running(`the source that was submitted cannot be read again (${reason}); what runs is written`);
  }
  const changed = differences(withoutDefaults(submitted), withoutDefaults(held));
  if (changed.length === 0 || (await planChangesNothing(submitted as JobJson, nomad)))
    return { job: Job.fromApi(submitted), source };
  // What a server filled in with nothing is no change that somebody made.
  const places = changed.filter(({ left, right }) => !(isNothing(left) && isNothing(right))).map(({ way }) => way);
  const named = places.length > MOST ? [...places.slice(0, MOST), `${places.length - MOST} more`] : places;
  return running(`what runs differs from what was submitted (${named.join(", ")}); what runs is written`);
}

/** So many places of a difference are named. */
const MOST = 3;

function isNothing(value: unknown): boolean {
  return value === null || value === undefined || value === false || value === "" || value === 0;
}

/** Whether the server itself sees no difference: some of what it fills in, only it can tell from what was written. */
async function planChangesNothing(job: JobJson, nomad: NomadClient): Promise<boolean> {
  try {
    const { Diff: diff } = await nomad.plan(job);
    return diff?.Type === "None";
  } catch (error) {
    // Whoever may read a job may not plan one, perhaps; then what runs is the truth.
    if (error instanceof UserError || error instanceof ApiError) return false;
    throw error;
  }
}
