import pLimit from "p-limit";
import { UserError } from "../../errors";
import { messageOf, momentOf, type JobSummary } from "../../nomad";
import type { NamedStackIdentity, RecordedInConsul, RecordedJob, StackOwner } from "../../stack-record";
import { AT_ONCE, newestRegistered } from "../plan";
import { listRecords, type RecordClients, type RecordStoreName } from "../record";
import { Claims } from "./claims";
import { knownBy, placeOf, stackName } from "./owners";

/** A job of a stack, as its record and the cluster have it. */
export interface ListedJob extends RecordedJob {
  /** What Nomad says of it; `absent` where it has no such job, `unknown` where it does not say. */
  readonly status: string;
  /** When its newest version was submitted: ISO 8601. */
  readonly submitted?: string;
  /** Whether the program of the last deployment has it no longer. */
  readonly stray?: true;
  /** The stack that it counts for, such as `staging`, where that is another one, whose record names it too. */
  readonly of?: string;
}

/** A stack that a cluster has a record of. */
export interface ListedStack extends NamedStackIdentity {
  readonly owner: StackOwner;
  readonly store: RecordStoreName;
  /** All that its record names. What another stack's record names too counts for one of them: see {@link ListedJob.of}. */
  readonly jobs: readonly ListedJob[];
  readonly consul: readonly RecordedInConsul[];
  /**
   * When the newest version was submitted of the jobs that count for it, and that is no scaling, as by `pool drain`: ISO 8601. A rollback submits one as well, and a deployment that
   * changes nothing but Consul submits none. Absent where Nomad has none of them, or does not say.
   */
  readonly lastDeployment?: string;
}

/** The stacks of a cluster, and what may be missing. */
export interface StackList {
  readonly stacks: readonly ListedStack[];
  /** What could not be read, as sentences. */
  readonly unread: readonly string[];
}

/** Lists what stacks a cluster has, by their records, with what Nomad says of their jobs. Never throws for what a server refuses, or for what is no server. */
export async function listStacks(clients: RecordClients): Promise<StackList> {
  const { records, unread } = await listRecords(clients);
  const found = records.flatMap((each) => (each.kind === "found" ? [each] : []));
  const known = new Map<string, Promise<ReadonlyMap<string, JobSummary> | undefined>>();
  const limit = pLimit(AT_ONCE);
  // One question for each region and namespace, however many jobs are there.
  const jobsAt = (job: RecordedJob) => {
    const key = JSON.stringify(placeOf(job));
    const asked = known.get(key) ?? limit(() => jobsIn(job, clients));
    known.set(key, asked);
    return asked;
  };
  const owners = await new Claims(
    found.map(({ record }) => record),
    clients,
  ).settled();
  const stacks = await Promise.all(
    found.map(async ({ record, store }): Promise<ListedStack> => {
      const strays = new Set(record.former.jobs);
      const jobs = await Promise.all(
        knownBy(record).jobs.map(async (job): Promise<ListedJob> => {
          const all = await jobsAt(job);
          const held = all?.get(job.id);
          const submitted = momentOf(held?.SubmitTime);
          const owner = owners.of(job);
          return {
            ...job,
            status: all === undefined ? "unknown" : held === undefined ? "absent" : held.Stop ? "stopped" : held.Status,
            ...(submitted === undefined ? {} : { submitted }),
            ...(strays.has(job) ? { stray: true as const } : {}),
            ...(owner === undefined || owner === record ? {} : { of: stackName(owner, record) }),
          };
        }),
      );
      const { project, environment, projectName, owner } = record;
      const lastDeployment = await lastDeploymentOf(
        jobs.filter(({ of }) => of === undefined),
        clients,
      );
      const consul = knownBy(record).consul;
      return {
        project,
        environment,
        ...(projectName === undefined ? {} : { projectName }),
        owner,
        store,
        jobs,
        consul,
        ...(lastDeployment === undefined ? {} : { lastDeployment }),
      };
    }),
  );
  const broken = records.flatMap((each) => (each.kind === "unreadable" ? [each.reason] : []));
  const told = [...unread.map(({ reason }) => reason), ...broken];
  return { stacks, unread: stacks.length + told.length === 0 ? await strangers(clients) : told };
}

/** Where nothing was found: servers that are none, since they know no region, or no datacenter, of their own. Such say to everything that nothing is there. */
async function strangers({ nomad, consul, signal }: RecordClients): Promise<readonly string[]> {
  const questions = [() => nomad.regions(), () => consul.datacenters(signal)];
  const answers = await Promise.allSettled(questions.map((ask) => ask()));
  signal?.throwIfAborted();
  // A Consul that does not answer has been told of, unless nobody named one.
  return answers.flatMap((answer) =>
    answer.status === "rejected" && answer.reason instanceof UserError ? [messageOf(answer.reason)] : [],
  );
}

/** Asks for the versions of as few jobs as tell it: those that were submitted last. */
async function lastDeploymentOf(
  jobs: readonly ListedJob[],
  { nomad, signal }: RecordClients,
): Promise<string | undefined> {
  const timed = jobs.flatMap((job) => (job.submitted === undefined ? [] : [{ ...job, submitted: job.submitted }]));
  let newest: string | undefined;
  for (const job of timed.sort((a, b) => (a.submitted < b.submitted ? 1 : -1))) {
    if (newest !== undefined && job.submitted <= newest) break;
    try {
      const { Versions } = await nomad.where(placeOf(job)).versions(job.id, { diffs: false });
      const moment = momentOf(newestRegistered(Versions)?.SubmitTime as number | undefined);
      if (moment !== undefined && (newest === undefined || moment > newest)) newest = moment;
    } catch {
      signal?.throwIfAborted();
      // Of a job whose versions nobody tells it is not known.
    }
  }
  return newest;
}

async function jobsIn(
  job: RecordedJob,
  { nomad, signal }: RecordClients,
): Promise<ReadonlyMap<string, JobSummary> | undefined> {
  try {
    return new Map((await nomad.where(placeOf(job)).jobs()).map((each) => [each.ID, each] as const));
  } catch {
    signal?.throwIfAborted();
    return undefined;
  }
}
